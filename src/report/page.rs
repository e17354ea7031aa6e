//! The page around the sections: head, title, what it comes to in a few numbers, links, foot.
//!
//! Must not know what is in a section.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Scope, Section, state};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and no script runs, whatever a picture out of a shared cache may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub fn page(scope: &Scope, sections: &[Section]) -> Markup {
    let title = title(scope.targets);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                (state::mark(scope))
                title { (title) }
                // Browsers ask a server for an icon unless one is given.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.eyebrow { "hspipe report" }
                    h1 { (title) }
                    dl.facts {
                        @for (what, value) in sections.iter().flat_map(|section| &section.facts) {
                            div { dt { (what) } dd { (value) } }
                        }
                    }
                }
                nav aria-label="Sections" {
                    ul {
                        @for section in sections {
                            li { a href={ "#" (section.id) } { (section.title) } }
                        }
                    }
                }
                main #content tabindex="-1" {
                    @for section in sections {
                        section #(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer {
                    p { "Made by hspipe " (env!("CARGO_PKG_VERSION")) " from its cache alone. This page loads nothing." }
                }
            }
        }
    }
}

fn title(targets: &[String]) -> String {
    match targets {
        [] => "All that has been computed".to_string(),
        _ => targets.join(", "),
    }
}
