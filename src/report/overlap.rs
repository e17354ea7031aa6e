//! How much the strategies agree, as a matrix.
//!
//! In: tables of `overlap`. Out: a small table each. Must not know how the overlap is computed.

use std::collections::BTreeSet;

use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;
use maud::{Markup, html};

use super::parts::{command, counted};
use super::{Scope, Section};
use crate::tables::Overlap;

const TITLE: &str = "Overlap of the strategies";

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    // No figure reads it. It belongs here if all that it compares does.
    let is_meant = |task: &TaskId| {
        let hard = scope.reads(*task, "hard");
        let strategies: BTreeSet<_> =
            hard.iter().map(|hard| scope.coord(*hard, "strategy").map(show)).collect();
        scope.graph.stage_of(*task).op.name() == "overlap"
            && strategies.len() > 1
            && hard.iter().all(|hard| scope.contains(*hard) && scope.is_finished(*hard))
    };
    let tasks: Vec<TaskId> = scope.graph.tasks.ids().filter(is_meant).collect();
    let mut matrices = Vec::new();
    for (task, name) in tasks.iter().copied().zip(scope.labels(&tasks, &[])) {
        matrices.extend(matrix(scope, task, &name)?);
    }
    if matrices.is_empty() {
        let Some(task) = tasks.first() else { return Ok(None) };
        let words = format!("hspipe run {}", scope.graph.stage_of(*task).name);
        let hint = html! { p { "It is not computed yet: " (command(&words)) "." } };
        return Ok(Some(Section::new("overlap", TITLE, hint)));
    }
    let body = html! {
        p {
            "Of the hard samples by the strategy of the row, the share that the strategy of the column calls hard too, in "
            "percent: mean ± standard deviation over the sets."
        }
        div.matrices { @for matrix in matrices { (matrix) } }
    };
    Ok(Some(Section::new("overlap", TITLE, body)))
}

/// A pair: the other two strategies, mean and std.
type Cell<'a> = (&'a str, &'a str, Option<f64>, Option<f64>);

fn matrix(scope: &Scope, task: TaskId, name: &str) -> anyhow::Result<Option<Markup>> {
    let Some(Overlap { a, b, mean, std, n }) = scope.table(task, "summary", Overlap::read)? else {
        return Ok(None);
    };
    let sets = n.iter().max().copied().unwrap_or(0).max(0);
    let pairs = a.iter().zip(b.iter()).zip(mean.into_iter().zip(std));
    let cells: Vec<Cell> = pairs.map(|((a, b), (mean, std))| (a, b, mean, std)).collect();
    let mut strategies: Vec<&str> = Vec::new();
    for strategy in a.iter() {
        if !strategies.contains(&strategy) {
            strategies.push(strategy);
        }
    }
    if strategies.is_empty() {
        return Ok(None);
    }
    let cell = |a: &str, b: &str| cells.iter().find(|cell| (cell.0, cell.1) == (a, b));
    Ok(Some(html! {
        div.scroll role="region" tabindex="0" aria-label={ "Overlap, " (name) } {
            table.matrix {
                caption { (name) ": " (counted(sets as usize, "set")) }
                thead {
                    tr {
                        td {}
                        @for b in &strategies { th scope="col" { (b) } }
                    }
                }
                tbody {
                    @for a in &strategies {
                        tr {
                            th scope="row" { (a) }
                            @for b in &strategies {
                                @match cell(a, b) {
                                    Some((.., Some(mean), std)) => {
                                        td style={ "--share:" (format!("{mean:.0}")) "%" } {
                                            (format!("{mean:.1}"))
                                            small { " ± " (format!("{:.1}", std.unwrap_or(0.0))) }
                                        }
                                    }
                                    _ => td.quiet { "–" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }))
}
