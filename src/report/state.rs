//! What a page shows, as a mark in its head, by which a later run knows that the page is out of date.
//!
//! In: a [`Scope`], or a page. Out: the mark, or what it says. Must not know any section.

use hspipe_engine::key::Digest;
use hspipe_engine::value::canonical;
use maud::{Markup, html};

use super::Scope;

const TARGETS: &str = "hspipe-targets";
const STATE: &str = "hspipe-state";

/// To be put into the page's head.
pub fn mark(scope: &Scope) -> Markup {
    let targets = serde_json::json!(scope.targets).to_string();
    html! {
        meta name=(TARGETS) content=(targets);
        meta name=(STATE) content=(state(scope));
    }
}

/// A digest of the parameters and of every result that the page is about.
pub fn state(scope: &Scope) -> String {
    let mut text = String::new();
    for (name, setting) in scope.settings.iter() {
        text += &format!("{name}: {}\n", canonical(&setting.value));
    }
    for task in scope.tasks() {
        for output in scope.plan.states[task].outputs().unwrap_or_default() {
            text += &format!("{} {} {}\n", scope.graph.name(task), output.table, output.digest);
        }
    }
    Digest::of(text.as_bytes()).hex()
}

/// The targets and the state that a page is of; none if it is no page of hspipe's.
pub fn of_page(page: &str) -> Option<(Vec<String>, String)> {
    let content = |name: &str| {
        let (_, after) = page.split_once(&format!("<meta name=\"{name}\" content=\""))?;
        Some(after.split_once('"')?.0)
    };
    let targets = content(TARGETS)?;
    let targets = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(targets.to_string(), |text, (escaped, plain)| text.replace(escaped, plain));
    Some((serde_json::from_str(&targets).ok()?, content(STATE)?.to_string()))
}
