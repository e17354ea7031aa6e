//! What a run has found out about labels, in a few lines that need no reading of tables.
//!
//! In: the finished tasks of `issues` among those asked for. Out: lines. Decides nothing: the counts are the op's.

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;

use super::judges::judges;
use super::stored;
use crate::ops;
use crate::tables::IssueCounts;

/// A line for each thing that may be wrong, per dataset, and last what to open; nothing if no task has looked.
///
/// # Errors
/// A table that cannot be read.
pub fn verdict(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let tasks = tasks.iter().filter(|task| graph.stage_of(**task).op.name() == "issues");
    let all: Vec<String> = tasks.clone().map(|task| stored::dataset(graph, *task)).collect();
    for task in tasks {
        if plan.states[*task].outputs().is_none() {
            continue;
        }
        let bytes = stored::table(graph, plan, store, *task, IssueCounts::SCHEMA.name)?;
        let name = ops::label(&stored::dataset(graph, *task), all.iter().map(String::as_str));
        let judges = judges(graph, plan, store, *task)?;
        lines.extend(verdict_of(&name, judges, &IssueCounts::read(bytes)?));
    }
    if !lines.is_empty() {
        lines.push(
            "look at them: hspipe report hard, or Results/issues.parquet; take them along: hspipe export issues"
                .to_string(),
        );
    }
    Ok(lines)
}

/// What a table of one row says of a dataset that was judged by `judges`: a line on what was looked at, then one for each thing that may be wrong.
pub fn verdict_of(dataset: &str, judges: &str, counts: &IssueCounts) -> Vec<String> {
    let first = |column: &[i32]| column.first().copied().unwrap_or_default();
    let samples = first(&counts.samples);
    let percent = |count: i32| format!("{:.1} %", 100.0 * f64::from(count) / f64::from(samples.max(1)));
    let (wrong, ambiguous) = (first(&counts.label_issues), first(&counts.ambiguous));
    let all = counts.wrong_labels.first().copied().unwrap_or_default();
    let mut lines = vec![format!("{dataset}: {samples} samples were judged {judges}")];
    lines.push(match wrong {
        0 => "  no label is probably wrong".to_string(),
        1 => "  1 label is probably wrong".to_string(),
        _ => format!(
            "  {wrong} labels are probably wrong, {} of all; by the confident joint about {all:.0} are",
            percent(wrong)
        ),
    });
    lines.push(match ambiguous {
        0 => "  no sample is ambiguous: one class always has more than half of the probability".to_string(),
        1 => "  1 sample is ambiguous: no class has more than half of the probability".to_string(),
        _ => format!("  {ambiguous} samples are ambiguous: no class has more than half of the probability"),
    });
    if let Some(Some(unusual)) = counts.unusual.first() {
        lines.push(match unusual {
            0 => "  no sample is unusual: each looks like some others".to_string(),
            1 => "  1 sample is unusual: it looks like no other".to_string(),
            _ => format!("  {unusual} samples are unusual: they look like no others"),
        });
    }
    if let Some(Some(duplicates)) = counts.duplicates.first() {
        let conflicting = counts.conflicting_duplicates.first().copied().flatten().unwrap_or_default();
        lines.push(match (duplicates, conflicting) {
            (0, _) => "  no sample is there twice".to_string(),
            (1, 0) => "  1 sample is the same as another, with the same label".to_string(),
            (1, _) => "  1 sample is the same as another, with another label".to_string(),
            (_, 0) => format!("  {duplicates} samples are the same as another, with the same label"),
            _ => format!(
                "  {duplicates} samples are the same as another, {conflicting} of them with another label"
            ),
        });
    }
    match counts.duplicates_across_splits.first() {
        Some(Some(1)) => lines
            .push("  1 of them is in another split than the other: in train and in test, say".to_string()),
        Some(Some(across)) if *across > 0 => lines.push(format!(
            "  {across} of them are in another split than the other: in train and in test, say"
        )),
        _ => {}
    }
    match counts.near_duplicates.first() {
        Some(Some(1)) => lines.push("  1 sample is nearly the same as another".to_string()),
        Some(Some(near)) if *near > 0 => {
            lines.push(format!("  {near} samples are nearly the same as another"))
        }
        _ => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(label_issues: i32, ambiguous: i32, duplicates: Option<i32>, conflicting: i32) -> IssueCounts {
        IssueCounts {
            samples: vec![2000],
            label_issues: vec![label_issues],
            wrong_labels: vec![124.4],
            ambiguous: vec![ambiguous],
            unusual: vec![duplicates.map(|_| 7)],
            duplicates: vec![duplicates],
            conflicting_duplicates: vec![duplicates.map(|_| conflicting)],
            duplicates_across_splits: vec![duplicates.map(|duplicates| duplicates - 1)],
            near_duplicates: vec![duplicates.map(|duplicates| duplicates - 1)],
        }
    }

    #[test]
    fn one_is_no_plural_and_what_was_not_looked_for_is_not_told() {
        assert_eq!(
            verdict_of("wasps", "by some", &counts(124, 31, Some(3), 1)),
            [
                "wasps: 2000 samples were judged by some",
                "  124 labels are probably wrong, 6.2 % of all; by the confident joint about 124 are",
                "  31 samples are ambiguous: no class has more than half of the probability",
                "  7 samples are unusual: they look like no others",
                "  3 samples are the same as another, 1 of them with another label",
                "  2 of them are in another split than the other: in train and in test, say",
                "  2 samples are nearly the same as another",
            ]
        );
        let few = verdict_of("wasps", "by some", &counts(1, 1, None, 0));
        assert_eq!(few.len(), 3);
        assert!(few[1].ends_with("1 label is probably wrong") && few[2].contains("1 sample is ambiguous"));
        let same = verdict_of("wasps", "by some", &counts(0, 0, Some(1), 0));
        assert!(same.len() == 5 && same[4].contains("with the same label"));
    }
}
