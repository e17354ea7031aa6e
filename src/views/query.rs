//! SQL over the tables of Results/, by polars.
//!
//! In: the tables that a query names, as bytes, and the query. Out: a data frame, or what is wrong with nearest names. Knows
//! no file and no format.

use polars::prelude::*;
use polars::sql::SQLContext;

use crate::tables::Frame;

/// What is wrong with a query.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct QueryError {
    pub what: String,
    pub hint: Option<String>,
    /// Whether the words are wrong, and not the files.
    pub is_usage: bool,
}

impl QueryError {
    /// Of a query that made polars panic.
    pub fn defect() -> Self {
        let what = "polars cannot answer this query".to_string();
        QueryError { what, hint: Some("put it in other words, or ask DuckDB".to_string()), is_usage: true }
    }
}

/// Words that begin a statement which changes tables: here they would change nothing, without a word.
const CHANGES: [&str; 7] = ["ALTER", "CREATE", "DELETE", "DROP", "INSERT", "TRUNCATE", "UPDATE"];

/// Whether a query may read a table: its name stands in it as a word.
pub fn mentions(sql: &str, name: &str) -> bool {
    let (sql, name) = (sql.to_lowercase(), name.to_lowercase());
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    sql.match_indices(&name)
        .any(|(at, _)| is_end(sql[..at].chars().next_back()) && is_end(sql[at + name.len()..].chars().next()))
}

/// The rows that `sql` asks for. `tables` are those that it [`mentions`], `names` all that there are.
pub fn query(tables: Vec<(String, Vec<u8>)>, names: &[String], sql: &str) -> Result<DataFrame, QueryError> {
    let first = sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if first.is_empty() || CHANGES.contains(&first.as_str()) {
        let what = if first.is_empty() { "the query is empty" } else { "a query only reads" };
        let hint = Some("begin it with SELECT: the tables are what the runs made".to_string());
        return Err(QueryError { what: what.to_string(), hint, is_usage: true });
    }
    let mut context = SQLContext::new();
    for name in names {
        // So that it is known by name.
        context.register(name, DataFrame::empty().lazy());
    }
    for (name, bytes) in tables {
        let table = Frame::read(&name, bytes).map_err(|error| unreadable(&error.to_string()))?;
        let table = table.to_polars().and_then(|table| widened(table.lazy()));
        context.register(&name, table.map_err(|error| explained(&error, names))?);
    }
    context.execute(sql).and_then(LazyFrame::collect).map_err(|error| explained(&error, names))
}

/// With 64 bits for every whole number: sums and products of 32 would overflow without a word.
fn widened(mut table: LazyFrame) -> PolarsResult<LazyFrame> {
    let schema = table.collect_schema()?;
    let short = schema.iter().filter(|(_, kind)| kind.is_integer());
    let wide: Vec<Expr> = short.map(|(name, _)| col(name.clone()).cast(DataType::Int64)).collect();
    Ok(table.with_columns(wide))
}

/// polars' message in our form.
fn explained(error: &PolarsError, names: &[String]) -> QueryError {
    let text = message(error);
    if let Some(wrong) = text.strip_prefix("relation '").and_then(|rest| rest.split('\'').next()) {
        let hint = hspipe_engine::names::hint(wrong, names.iter().map(String::as_str));
        let hint = hint.or_else(|| Some("hspipe tables lists the tables".to_string()));
        return QueryError { what: format!("there is no table `{wrong}` in Results/"), hint, is_usage: true };
    }
    if let Some(rest) = text.strip_prefix("unable to find column \"") {
        let (wrong, rest) = rest.split_once('"').unwrap_or((rest, ""));
        let list = rest.split_once('[').and_then(|(_, list)| list.split(']').next()).unwrap_or_default();
        let columns: Vec<&str> = list.split(", ").map(|name| name.trim_matches('"')).collect();
        let hint = hspipe_engine::names::hint(wrong, columns);
        return QueryError { what: format!("there is no column `{wrong}`"), hint, is_usage: true };
    }
    let first = text.lines().next().unwrap_or_default();
    if !is_usage(error) {
        return unreadable(first);
    }
    let hint = "the dialect is that of polars SQL; hspipe tables NAME lists a table's columns";
    let what = format!("the query cannot be answered: {first}");
    QueryError { what, hint: Some(hint.to_string()), is_usage: true }
}

/// Where the words are right, the files are not.
fn unreadable(why: &str) -> QueryError {
    let hint = "if a table is damaged, remove it: the next run writes it anew";
    let what = format!("the query cannot be answered: {why}");
    QueryError { what, hint: Some(hint.to_string()), is_usage: false }
}

fn is_usage(error: &PolarsError) -> bool {
    match error {
        PolarsError::Context { error, .. } => is_usage(error),
        PolarsError::IO { .. } | PolarsError::ComputeError(_) | PolarsError::OutOfBounds(_) => false,
        _ => true,
    }
}

/// Without the kind of error, and without the context that polars puts around it.
fn message(error: &PolarsError) -> String {
    match error {
        PolarsError::Context { error, .. } => message(error),
        PolarsError::ColumnNotFound(text)
        | PolarsError::SQLInterface(text)
        | PolarsError::SQLSyntax(text)
        | PolarsError::InvalidOperation(text)
        | PolarsError::ComputeError(text) => text.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{of_polars, write_columns};

    /// The only table, and its name.
    fn tables() -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let table =
            df!("set" => [0, 1, 1], "accuracy" => [0.5, 0.75, 1.0], "test_set" => ["hard", "hard", "easy"]);
        let (schema, columns) = of_polars(&table.unwrap()).unwrap();
        let bytes = write_columns("retrain_metrics", schema, columns).unwrap();
        let name = "retrain_metrics".to_string();
        (vec![(name.clone(), bytes)], vec![name])
    }

    #[test]
    fn tables_are_found_by_name() {
        let (tables, names) = tables();
        let much = "SELECT max(set) * 3000000000 AS much FROM retrain_metrics";
        let much = query(tables.clone(), &names, much).unwrap();
        assert_eq!(much, df!("much" => [3_000_000_000i64]).unwrap());
        let sql =
            "SELECT test_set, avg(accuracy) AS mean FROM retrain_metrics WHERE test_set = 'hard' GROUP BY 1";
        let found = query(tables, &names, sql).unwrap();
        assert_eq!(found, df!("test_set" => ["hard"], "mean" => [0.625]).unwrap());
    }

    #[test]
    fn a_table_is_mentioned_as_a_word() {
        let sql = "SELECT noise_ratio FROM \"hard_counts\" JOIN Hardest USING (class)";
        assert!(["hard_counts", "hardest"].iter().all(|name| mentions(sql, name)));
        assert!(!["noise", "hard", "counts", "overlap"].iter().any(|name| mentions(sql, name)));
    }

    #[test]
    fn wrong_names_get_the_nearest() {
        let (tables, names) = tables();
        for (sql, what, hint) in [
            ("SELECT * FROM retrain_metric", "there is no table `retrain_metric`", "`retrain_metrics`"),
            ("SELECT acuracy FROM retrain_metrics", "there is no column `acuracy`", "`accuracy`"),
            ("SELECT set FROM retrain_metrics WHERE acuracy > 0", "no column `acuracy`", "`accuracy`"),
            ("SELEC 1", "the query cannot be answered", "polars SQL"),
            ("SELECT nonsense(accuracy) FROM retrain_metrics", "nonsense", "polars SQL"),
        ] {
            let error = query(tables.clone(), &names, sql).unwrap_err();
            assert!(error.what.contains(what), "{sql}: {error}");
            assert!(error.hint.as_ref().is_some_and(|found| found.contains(hint)), "{sql}: {:?}", error.hint);
        }
    }
}
