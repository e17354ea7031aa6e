//! A report of what has been computed: one HTML page that needs nothing beside it.
//!
//! In: a [`Scope`], which is the tasks that the page is about and what is stored of them. Out: the page as text, and what
//! it holds. One file per section; each gives a [`Section`], or none where it has nothing to show. `parts` has what they
//! share, `page` puts them together. The same cache gives the same bytes. Must not know how anything is computed.

mod dataset;
mod figures;
mod gallery;
mod hardest;
mod label_issues;
mod numbers;
mod overlap;
mod page;
mod parameters;
mod parts;
mod published;
mod scope;
mod stages;
pub mod state;
mod svg;
mod tables;
mod timings;

pub use scope::Scope;

use maud::Markup;

use crate::visible;

/// A part of the page, under a heading of its own.
pub struct Section {
    /// What links name it by.
    id: &'static str,
    title: &'static str,
    body: Markup,
    /// What the top of the page says of it: a word, and a number or the like.
    facts: Vec<(&'static str, String)>,
}

impl Section {
    fn new(id: &'static str, title: &'static str, body: Markup) -> Self {
        Section { id, title, body, facts: Vec::new() }
    }

    fn fact(mut self, what: &'static str, value: String) -> Self {
        self.facts.push((what, value));
        self
    }
}

/// The page.
///
/// # Errors
/// A table that is gone or damaged, with the task that made it.
pub fn html(scope: &Scope) -> anyhow::Result<String> {
    let sections = [
        Some(parameters::section(scope)?),
        gallery::section(scope)?,
        overlap::section(scope)?,
        figures::section(scope)?,
        published::section(scope)?,
        tables::section(scope)?,
        Some(stages::section(scope)),
        timings::section(scope),
    ];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    // Names out of data may hold control characters, which HTML forbids, and characters that turn around what follows.
    Ok(visible::lines(&page::page(scope, &sections).into_string()).into_owned())
}
