//! check: our numbers beside the published ones; fails where they are not close. Scores of MNIST beside what is known of it:
//! these have no bounds.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use super::args;
use super::error::Hinted;
use super::pipe::{say, tell};
use super::results;
use crate::check::{Agreement, CScores, Tables, Verdict, compare, known_errors, other_than_papers};
use crate::tables::Frame;
use crate::views::published::{Judged, agreements, errors_found, fewer_runs, judge, name, table};

/// Compares Results/ of the project. Exit code 1: a figure lies outside, or one that was asked for is not computed.
pub fn check(args: &args::Args, check: &args::Check) -> anyhow::Result<ExitCode> {
    let tables = results::open(args)?;
    let read = |name: &str| {
        if tables.has(name) {
            Ok(Some(Frame::read(name, tables.read(name).map_err(results::refused)?)?))
        } else {
            Ok(None)
        }
    };
    let agreed = check.c_scores.as_deref().map(|file| agreement(file, &read)).transpose()?;
    let (mut found, mut missing) = compare(&read)?;
    let params = tables.params().map_err(results::refused)?;
    let all: Vec<&str> =
        found.iter().map(|comparison| comparison.figure).chain(missing.iter().copied()).collect();
    if let Some(unknown) = check.figures.iter().find(|word| !all.iter().any(|figure| is_meant(word, figure)))
    {
        let names: Vec<String> = all.iter().map(|figure| format!("figure{figure}")).collect();
        let what = format!("there are no published numbers of `{unknown}`");
        let near = hspipe_engine::names::hint(unknown, names.iter().map(String::as_str));
        return Err(Hinted::usage(what, near.unwrap_or_default()).into());
    }
    let wanted =
        |figure: &str| check.figures.is_empty() || check.figures.iter().any(|word| is_meant(word, figure));
    found.retain(|comparison| wanted(comparison.figure));
    missing.retain(|figure| wanted(figure));
    let errors = if check.figures.is_empty() { known_errors(&read)? } else { Vec::new() };
    if found.is_empty() && errors.is_empty() && agreed.is_none() {
        let what = format!("{} has no results to compare", results::folder(args).display());
        return Err(Hinted::new(what, "compute some first, as with: hspipe run figure8").into());
    }
    let judged: Vec<Judged> = judge(&found);
    let mut tables: Vec<String> = Vec::new();
    if !judged.is_empty() {
        let findings = judged.iter().flat_map(|(comparison, findings)| {
            findings.iter().map(|finding| format!("{}: {}\n", name(comparison), finding.text))
        });
        tables.push(table(&judged).text() + &findings.collect::<String>());
    }
    if !errors.is_empty() {
        tables.push(errors_found(&errors).text());
    }
    tables.extend(agreed.map(|agreed| agreements(&agreed).text()));
    tell!("{}", tables.join("\n"));
    let is_about_figures = !judged.is_empty() || !check.figures.is_empty();
    let other = other_than_papers(params.iter().map(|(name, value)| (name.as_str(), value)));
    if is_about_figures && !other.is_empty() {
        say!("note: computed with other parameters than published: {}", other.join(", "));
    }
    let fewer = fewer_runs(&found);
    if !fewer.is_empty() {
        say!("note: computed with fewer runs than published: {}", fewer.join(", "));
    }
    let names: Vec<String> = missing.iter().map(|figure| format!("figure{figure}")).collect();
    if is_about_figures && !names.is_empty() {
        say!("note: not computed: {}", names.join(", "));
    }
    let asked_in_vain = !check.figures.is_empty() && !missing.is_empty();
    let is_far = judged.iter().any(|(_, findings)| Verdict::of(findings) == Verdict::Outside);
    Ok(if is_far || asked_in_vain { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Our scores beside the C-scores in `file`.
fn agreement(file: &Path, tables: &Tables) -> anyhow::Result<Vec<Agreement>> {
    let refused = || {
        let what = format!("{} does not hold the published C-scores of MNIST", file.display());
        Hinted::new(what, "pluskid.github.io/structural-regularity has the file: mnist-cscores.npy")
    };
    let agreed = CScores::read(file).with_context(refused)?.compare(tables)?;
    if agreed.is_empty() {
        let hint = "compute some first, as with: hspipe run scores --set 'datasets=[MNIST]'";
        return Err(Hinted::new("there are no scores of MNIST to compare", hint).into());
    }
    Ok(agreed)
}

/// Whether a word such as `figure8`, `8` or `figure8a` means the panel.
fn is_meant(word: &str, figure: &str) -> bool {
    let word = word.strip_prefix("figure").unwrap_or(word);
    word == figure || word == figure.trim_end_matches(char::is_alphabetic)
}
