//! The published numbers beside ours, where there are some for what was run.
//!
//! In: result tables, only of what the report is about. Out: the verdicts of `hspipe check`, and the numbers behind them.
//! Must not know how verdicts are reached: see `crate::check`.

use maud::{Markup, html};

use super::parts::{counted, table};
use super::{Scope, Section};
use crate::check::{Comparison, Verdict, compare, other_than_papers};
use crate::tables::Frame;
use crate::views::aligned::{Cell, Table};
use crate::views::published::{Judged, fewer_runs, judge, name, table as rows};

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    let tables = |name: &str| -> anyhow::Result<Option<Frame>> {
        match scope.spec.results.iter().find(|result| result.name.text == name) {
            Some(result) => scope.result(result),
            None => Ok(None),
        }
    };
    let (mut found, _) = compare(&tables)?;
    found.retain(|comparison| is_meant(scope, comparison.figure));
    if found.is_empty() {
        return Ok(None);
    }
    let judged = judge(&found);
    let other = other_than_papers(scope.settings.iter().map(|(name, setting)| (name, &setting.value)));
    let fewer = fewer_runs(&found);
    let body = html! {
        p {
            "Ours less the published numbers of the same figures, as " code { "hspipe check" } " compares them."
        }
        (table("Verdicts", &rows(&judged)))
        @if !other.is_empty() {
            p.note { "Computed with other parameters than published: " (other.join(", ")) "." }
        }
        @if !fewer.is_empty() {
            p.note { "Computed with fewer runs than published: " (fewer.join(", ")) "." }
        }
        div.points {
        @for (comparison, findings) in &judged {
            details {
                summary {
                    (name(comparison)) ": " (Verdict::of(findings)) ", "
                    (counted(comparison.pairs.len(), "point"))
                }
                @if !findings.is_empty() {
                    ul { @for finding in findings { li { (finding.text) } } }
                }
                (points(comparison))
            }
        }
        }
    };
    Ok(Some(Section::new("published", "Beside the published numbers", body).fact("verdicts", tally(&judged))))
}

/// Whether the figure itself is what the report is about, and not only numbers that it would show too.
fn is_meant(scope: &Scope, figure: &str) -> bool {
    let stage = scope.graph.stage(&format!("figure{figure}"));
    stage.is_none_or(|stage| stage.tasks.clone().any(|task| scope.contains(task)))
}

/// `9 close, 7 within chance`.
fn tally(judged: &[Judged]) -> String {
    let count =
        |verdict: Verdict| judged.iter().filter(|(_, findings)| Verdict::of(findings) == verdict).count();
    let verdicts = [Verdict::Close, Verdict::WithinChance, Verdict::Outside];
    let parts = verdicts.map(|verdict| (count(verdict), verdict)).into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, verdict)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}

fn points(comparison: &Comparison) -> Markup {
    let has_curves = comparison.pairs.iter().any(|pair| !pair.curve.is_empty());
    let head = ["curve", "at", "ours", "std", "n", "published", "std", "n"];
    let mut rows = Table::new(if has_curves { &head } else { &head[1..] });
    // Shares of a class are small numbers.
    let is_small = comparison.pairs.iter().all(|pair| pair.ours.abs() <= 1.0 && pair.theirs.abs() <= 1.0);
    let decimals = if is_small { 4 } else { 2 };
    for pair in &comparison.pairs {
        let number = |value: Option<f64>| {
            Cell::Number(value.map_or("-".to_string(), |value| format!("{value:.decimals$}")))
        };
        let curve = has_curves.then(|| Cell::from(pair.curve.as_str()));
        let cells = [
            Cell::Number(pair.x.clone()),
            number(Some(pair.ours)),
            number(pair.our_std),
            Cell::Number(pair.our_n.to_string()),
            number(Some(pair.theirs)),
            number(pair.their_std),
            Cell::Number(pair.their_n.to_string()),
        ];
        rows.row(curve.into_iter().chain(cells).collect());
    }
    table(&format!("{}, point by point", name(comparison)), &rows)
}
