//! The label issues of a dataset: labels that are probably wrong, as pictures with the classes that are suggested.
//!
//! In: a finished task of `issues`, and its dataset. Out: what was found, in lines, and the most suspect labels. Must not
//! know how labels are judged.

use std::collections::HashMap;

use hspipe_engine::graph::TaskId;
use maud::{Markup, html};

use super::Scope;
use super::dataset::Dataset;
use super::parts::{called, command, counted, face};
use crate::tables::{IssueCounts, Issues};
use crate::telling::Said;
use crate::views::{judges, verdict_of};

/// Samples of a dataset.
const MOST: usize = 24;

/// What a task has found, under the name of its dataset; none if it is not computed.
pub fn case(
    scope: &Scope,
    task: TaskId,
    name: &str,
    dataset: &Dataset,
    is_open: bool,
) -> anyhow::Result<Option<Markup>> {
    let Some(counts) = scope.table(task, "issue_counts", IssueCounts::read)? else { return Ok(None) };
    let Some(issues) = scope.table(task, "issues", Issues::read)? else { return Ok(None) };
    let rows: Vec<usize> = (0..issues.label_issue.len()).filter(|row| issues.label_issue[*row]).collect();
    let more = rows.len().saturating_sub(MOST);
    let ids: Vec<i32> = rows.iter().take(MOST).map(|row| issues.sample_id[*row]).collect();
    let said = dataset.said(scope, &ids)?;
    let judges = judges(scope.graph, scope.plan, scope.store, task)?;
    let lines = verdict_of(name, judges, &counts);
    let mut lines = lines.iter().map(|line| line.trim());
    Ok(Some(html! {
        details.case open[is_open] {
            summary { h4 { (name) } " " span.quiet { (counted(rows.len(), "label issue")) } }
            p { (lines.next().unwrap_or_default()) ":" }
            ul { @for line in lines { li { (line) } } }
            @if let Some(note) = dataset.note() { p.note { (note) } }
            ul.samples.wide[!said.is_empty()] {
                @for row in rows.into_iter().take(MOST) { li { (sample(&issues, row, name, dataset, &said)) } }
            }
            @if more > 0 {
                p.note { (counted(more, "label issue")) " more: " (command("hspipe export issues --only-label-issues")) }
            }
        }
    }))
}

fn sample(issues: &Issues, row: usize, name: &str, dataset: &Dataset, said: &HashMap<i32, Said>) -> Markup {
    let sample_id = issues.sample_id[row];
    let given = dataset.class(issues.class[row]);
    let alt = format!("Label issue {sample_id} of {name}, labelled {given}");
    html! {
        figure.sample {
            (face(dataset.picture(sample_id).as_deref(), &alt, said.get(&sample_id)))
            figcaption {
                p.verdict {
                    (given)
                    span aria-hidden="true" { " → " }
                    span.unseen { ", suggested " }
                    b.wrong { (dataset.class(issues.suggested[row])) }
                }
                p.quiet { (format!("{:.0} %", 100.0 * issues.suggested_probability[row])) }
                p.quiet { (called(issues.source[row].as_deref(), sample_id)) }
            }
        }
    }
}
