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

/// The page with what must not stand in one written out, as `\u{202e}`: names out of data may hold control characters,
/// which HTML forbids, and characters that turn around what follows.
pub fn harmless(page: String) -> String {
    let is_harmful = |c: char| {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || c.is_control() && !matches!(c, '\n' | '\t')
    };
    if !page.contains(is_harmful) {
        return page;
    }
    let written = |c: char| match is_harmful(c) {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    page.chars().map(written).collect()
}

fn title(targets: &[String]) -> String {
    match targets {
        [] => "All that has been computed".to_string(),
        _ => targets.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_harm_a_page_are_written_out() {
        assert_eq!(harmless("a\u{1b}[31m\u{202e}b\n🐈".into()), "a\\u{1b}[31m\\u{202e}b\n🐈");
    }
}
