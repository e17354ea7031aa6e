//! What was run: the newest run on record, and the parameters, those first that are not the pipeline file's.
//!
//! In: settings and the run records. Must not know any result.

use hspipe_engine::Origin;
use hspipe_engine::history::{self, End, RunRecord};
use hspipe_engine::key::params_changed;
use hspipe_engine::settings::{Setting, Settings};
use hspipe_engine::value::{canonical, show};
use maud::{Markup, html};

use super::parts::{command, count, counted, date, table};
use super::{Scope, Section};
use crate::ops;
use crate::views::aligned::Table;
use crate::views::shell::quoted;

pub fn section(scope: &Scope) -> anyhow::Result<Section> {
    let defaults = Settings::resolve(scope.spec, None, &[])?;
    let is_changed = |name: &str, setting: &Setting| {
        defaults.get(name).is_none_or(|default| default.value != setting.value)
    };
    let (changed, same): (Vec<_>, Vec<_>) =
        scope.settings.iter().partition(|(name, setting)| is_changed(name, setting));

    let mut rows = Table::new(&["parameter", "value", "the file's", "set by"]);
    for (name, setting) in &changed {
        let default = defaults.get(name).map_or(String::new(), |default| show(&default.value));
        rows.row(vec![
            (*name).into(),
            show(&setting.value).into(),
            default.into(),
            origin(scope, setting).into(),
        ]);
    }
    let mut others = Table::new(&["parameter", "value"]);
    for (name, setting) in &same {
        others.row(vec![(*name).into(), show(&setting.value).into()]);
    }
    let run = history::numbered_newest_first(scope.store).find(|(_, run)| run.end != End::Open);
    let body = html! {
        (newest_run(scope, run.as_ref()))
        @if changed.is_empty() {
            p { "Every parameter is as in the pipeline file." }
        } @else {
            div.marked { (table("Parameters other than in the pipeline file", &rows)) }
            p { "The same again: " (command(&again(scope, &changed))) }
        }
        details {
            summary { "The other parameters (" (count(same.len())) ")" }
            (table("Parameters as in the pipeline file", &others))
        }
    };
    let datasets =
        scope.settings.get("datasets").map(|setting| hspipe_engine::value::as_list(&setting.value));
    let datasets: Vec<String> = datasets.unwrap_or_default().iter().map(show).collect();
    let names: Vec<String> =
        datasets.iter().map(|name| ops::label(name, datasets.iter().map(String::as_str))).collect();
    let section = Section::new("run", "What was run", body);
    Ok(if names.is_empty() { section } else { section.fact("datasets", names.join(", ")) })
}

/// Where a value comes from.
fn origin(scope: &Scope, setting: &Setting) -> String {
    match &setting.origin {
        Origin::CommandLine(words) => words.clone(),
        // Not its path: the page is the same wherever the project lies.
        Origin::File(at) => {
            let profiles = scope.spec.profiles.iter();
            let of = profiles.filter(|(_, sets)| sets.iter().any(|(name, _)| name.at.line == at.line));
            let name = of.map(|(name, _)| name.text.as_str()).next();
            name.map_or(format!("line {}", at.line), |name| format!("--profile {name}"))
        }
    }
}

fn newest_run(scope: &Scope, run: Option<&(u64, RunRecord)>) -> Markup {
    let Some((number, run)) = run else {
        return html! { p { "No run is on record in this cache." } };
    };
    let differs = params_changed(&run.params, &scope.settings.values(), "");
    html! {
        p {
            "The newest run on record is number " (number) ", of "
            (date(run.at)) ", by hspipe " (run.hspipe) ": "
            (command(&format!("hspipe run {}", words(&run.targets))))
            ". It left " (counted(run.keys.len(), "finished task")) "."
        }
        @if !differs.is_empty() {
            p.note {
                "This report is for other parameters than that run: "
                (differs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) "."
            }
        }
    }
}

fn words(targets: &[String]) -> String {
    targets.iter().map(|target| quoted(target)).collect::<Vec<_>>().join(" ")
}

/// The command that computes what this report is about.
fn again(scope: &Scope, changed: &[(&str, &Setting)]) -> String {
    let targets = match scope.targets {
        [] => "TARGET".to_string(),
        targets => words(targets),
    };
    let sets = changed.iter().map(|(name, setting)| {
        // Canonical JSON is YAML, and texts need no quotes where nobody could take them for something else.
        let text = show(&setting.value);
        let is_plain = hspipe_engine::yaml::parse(&text).is_ok_and(|node| node.value() == setting.value);
        let value = if is_plain { text } else { canonical(&setting.value) };
        format!(" --set {}", quoted(&format!("{name}={value}")))
    });
    format!("hspipe run {targets}{}", sets.collect::<String>())
}
