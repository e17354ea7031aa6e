//! What each table of Results/ holds, as `docs/tables.md` says it.
//!
//! In: that page, which is part of the program. Out: for a table's name its meaning and that of its columns.

const PAGE: &str = include_str!("../../docs/tables.md");

/// A table as the page describes it.
#[derive(Debug, PartialEq)]
pub struct Entry {
    pub name: &'static str,
    /// The first paragraph, on one line.
    pub about: String,
    pub columns: Vec<Column>,
}

#[derive(Debug, PartialEq)]
pub struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub about: &'static str,
}

/// The tables of Results/, in the order of the page.
pub fn entries() -> Vec<Entry> {
    let part = PAGE.split("\n# ").find(|part| part.starts_with("Part 1")).unwrap_or_default();
    part.split("\n## ").skip(1).filter_map(entry).collect()
}

fn entry(section: &'static str) -> Option<Entry> {
    let (name, rest) = section.split_once('\n')?;
    let about = rest.trim().split("\n\n").next()?.replace('\n', " ");
    let cells = |line: &'static str| -> Option<Column> {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(3, " | ");
        Some(Column { name: cells.next()?, kind: cells.next()?, about: cells.next()? })
    };
    // The head of the table and the line below it are no columns.
    let columns = rest.lines().filter(|line| line.starts_with("| ")).skip(1).filter_map(cells).collect();
    Some(Entry { name, about, columns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_understood() {
        let entries = entries();
        assert!(entries.iter().all(|entry| !entry.about.is_empty() && entry.columns.len() > 2));
        let found = entries.iter().find(|entry| entry.name == "inversions").unwrap();
        assert!(found.about.starts_with("A row is one class of one search."));
        let last = found.columns.last().unwrap();
        assert_eq!((last.name, last.kind), ("epoch", "int32"));
        assert!(last.about.starts_with("the epoch at which it inverted"));
    }
}
