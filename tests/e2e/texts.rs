//! What people read on the command line, word for word: help, what is ahead, refusals.
//!
//! `INSTA_UPDATE=always cargo x test -p hspipe --test e2e texts` takes the texts as they are now.

use insta::{assert_snapshot, with_settings};

use crate::project::Project;

/// The commands, but for those whose help has the list of scores in it.
const COMMANDS: [&[&str]; 17] = [
    &[],
    &["init"],
    &["run"],
    &["status"],
    &["why"],
    &["graph"],
    &["list"],
    &["log"],
    &["diff"],
    &["report"],
    &["query"],
    &["tables"],
    &["check"],
    &["cache", "verify"],
    &["cache", "gc"],
    &["data", "fetch"],
    &["doctor"],
];

/// Each command line with what it prints on stdout, then on stderr, and its exit code.
fn said(project: &Project, lines: &[&[&str]]) -> String {
    let mut text = String::new();
    for words in lines {
        let ran = project.hspipe(words);
        // What follows hangs on the machine.
        let lines = [ran.out, ran.err].concat();
        let lines = lines.lines().map(|line| match line.split_once(", about ") {
            Some((start, _)) if start.starts_with("to train: ") => start,
            _ => line,
        });
        text += &format!("$ hspipe {}\n", words.join(" "));
        lines.for_each(|line| text += &format!("{line}\n"));
        text += &format!("[{}]\n\n", ran.code.unwrap_or(-1));
    }
    text
}

fn hold(name: &str, text: &str) {
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!(name, text);
    });
}

#[test]
fn help() {
    let project = Project::new();
    let lines: Vec<Vec<&str>> = COMMANDS.iter().map(|words| [words, &["--help"][..]].concat()).collect();
    let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    hold("help", &said(&project, &lines));
}

#[test]
fn what_is_ahead() {
    let project = Project::new();
    let lines: [&[&str]; 5] = [
        &["graph", "overlap"],
        &["status", "overlap"],
        &["why", "identify"],
        &["run", "tiny_figure", "--dry-run"],
        &["log"],
    ];
    hold("ahead", &said(&project, &lines));
}

#[test]
fn refusals() {
    let project = Project::new();
    let lines: [&[&str]; 10] = [
        &["run", "figure9"],
        &["run", "overlap", "--set", "epoch=3"],
        &["run", "overlap", "--set", "epochs=0"],
        &["run", "overlap", "--set", "strategies=[enrgy]"],
        &["run", "overlap", "--set", "hidden=[[]]"],
        &["run", "overlap", "--profile", "quik"],
        &["export", "hard-samples"],
        &["query", "SELECT 1"],
        &["report"],
        &["diff", "last"],
    ];
    hold("refusals", &said(&project, &lines));
}
