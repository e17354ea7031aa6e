//! What sections share: tables as HTML, pictures in the page, and numbers, durations and dates as people write them.
//!
//! Must not know what any section shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use crate::telling::Said;
use crate::views::aligned::{Cell, Table};

/// A table that scrolls in its own box where it is wider or longer than that.
pub fn table(caption: &str, table: &Table) -> Markup {
    let is_number =
        |column: usize| matches!(table.rows().first().map(|row| &row[column]), Some(Cell::Number(_)));
    let class = |column: usize| is_number(column).then_some("number");
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for (column, name) in table.head().iter().enumerate() {
                            th scope="col" class=[class(column)] { (name) }
                        }
                    }
                }
                tbody {
                    @for row in table.rows() {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 && !is_number(0) {
                                    th scope="row" { (cell.text()) }
                                } @else {
                                    td class=[class(column)] { (cell.text()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Words of the command line, to be copied.
pub fn command(words: &str) -> Markup {
    html! { code.command { (words) } }
}

/// What a sample is found by: its file, which may be broken after a folder, or else its number.
pub fn called(source: Option<&str>, sample_id: i32) -> Markup {
    html! {
        @match source {
            Some(file) => { @for part in file.split_inclusive('/') { (part) wbr; } }
            None => { "#" (sample_id) }
        }
    }
}

/// A sample: its picture, or what there is to say of it.
pub fn face(picture: Option<&[u8]>, alt: &str, said: Option<&Said>) -> Markup {
    html! {
        @match (picture, said) {
            (Some(png), _) => { img src=(data_uri(png)) alt=(alt); }
            (None, Some(Said::Text(text))) => {
                blockquote { (start(text)) }
            }
            (None, Some(Said::Features(telling))) => {
                ul.telling {
                    @for feature in telling {
                        li { span { (feature.name) } " " span { (feature.figures()) } }
                    }
                }
            }
            (None, None) => { span.quiet { "no picture" } }
        }
    }
}

/// Characters of a text.
const CHARACTERS: usize = 280;

/// The start of a text that is too long.
fn start(text: &str) -> String {
    let start: String = text.chars().take(CHARACTERS).collect();
    if start.len() < text.len() { start.trim_end().to_string() + "…" } else { start }
}

/// `12,355`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 task`, `2 tasks`.
pub fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Three digits or so: `0.02 s`, `14.6 s`, `23 min`, `1.7 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{s:.2} s"),
        s if s < 90.0 => format!("{s:.1} s"),
        s if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Seconds since 1970 as `2026-11-24 12:30 UTC`.
pub fn date(at: u64) -> String {
    let (days, seconds) = (at / 86_400, at % 86_400);
    // Of a calendar whose years begin in March, so that the day that leap years have is their last. Day 0 of it is the
    // first of March of the year 0, 719,468 days before 1970.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month < 3);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60)
}

/// The address that holds a PNG itself.
pub fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// `text` as a part of an id: letters, digits and `-`.
pub fn id(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "task"), counted(0, "task")], ["1 task", "0 tasks"]);
        let durations = [0.016, 14.63, 89.96, 1400.0, 6000.0].map(duration);
        assert_eq!(durations, ["0.02 s", "14.6 s", "90.0 s", "23 min", "1.7 h"]);
        assert_eq!([id("figure3[dataset=./tiny]"), id("ü")], ["figure3-dataset-tiny", ""]);
    }

    /// date -u -d @951782400 and so on.
    #[test]
    fn dates_are_those_of_the_calendar() {
        let dates = [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_799, "2000-02-29 23:59 UTC"),
            (1_795_523_459, "2026-11-24 12:30 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ];
        for (at, text) in dates {
            assert_eq!(date(at), text);
        }
    }

    #[test]
    fn what_is_shown_is_escaped() {
        let mut rows = Table::new(&["<b>", "n"]);
        rows.row(vec!["a & b".into(), 3.into()]);
        let html = table("\"x\"", &rows).into_string();
        assert!(
            html.contains("&lt;b&gt;") && html.contains("a &amp; b") && html.contains("&quot;x&quot;"),
            "{html}"
        );
    }
}
