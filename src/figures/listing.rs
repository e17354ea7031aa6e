//! A listing: groups of lines, such as the hardest samples of every class by the features that stand out. Texts come in; a
//! finished figure goes out. It must not know what the texts say.

use super::FigureError;
use super::canvas::{self, Frame, Page};
use super::render::{self, Rendered};
use super::style::{self, Size};
use super::text::{self, Anchor, Turn};

/// A figure of groups of lines.
#[derive(Clone, Debug)]
pub struct Listing {
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    pub groups: Vec<Group>,
}

/// A group; the name and the detail stand at its left, `empty` where it has no line.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub detail: String,
    pub empty: String,
    pub entries: Vec<Entry>,
}

/// A line: what it is of, what that is taken for, a number, and what there is to say of it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub label: String,
    pub value: String,
    pub about: About,
    /// Whether a coloured bar tells it from the others.
    pub is_marked: bool,
}

/// What there is to say.
#[derive(Clone, Debug)]
pub enum About {
    Text(String),
    /// Side by side: a name, which is cut where room is short, and what is never cut.
    Facts(Vec<(String, String)>),
}

const TICK: f64 = style::TICK_SIZE;
const LABEL: f64 = style::LABEL_SIZE;
const CAP: f64 = TICK * style::CAP_HEIGHT;
/// From one line to the next.
const LINE: f64 = 10.0;
/// The widest that the name of a group, the name of an entry and its label get.
const GROUP_ROOM: f64 = 62.0;
const NAME_ROOM: f64 = 72.0;
const LABEL_ROOM: f64 = 64.0;
/// Between columns, and between groups.
const GAP: f64 = 8.0;
const GROUP_GAP: f64 = 7.0;
/// The bar of an entry that is marked.
const BAR: f64 = 1.6;
/// Lines of the shortest group: its name and its detail.
const FEWEST: usize = 2;
/// Heights of pages are multiples of this, so that a PNG has whole pixels.
const WHOLE: f64 = 6.0;

/// Draws the listing, as wide as both columns of a paper.
///
/// # Errors
/// There is no group, or the font lacks a character.
pub fn listing(listing: &Listing) -> Result<Rendered, FigureError> {
    if listing.groups.is_empty() {
        return Err(FigureError::NoCategories);
    }
    let layout = Layout::of(listing)?;
    let svg = canvas::draw(layout.page, |page| layout.draw(page, listing))?;
    render::render(&svg)
}

impl Listing {
    /// The title and the notes, each with its size.
    fn heading(&self) -> impl Iterator<Item = (&str, f64)> {
        let notes = self.notes.iter().map(|note| (note.as_str(), TICK));
        let lines = std::iter::once((self.title.as_str(), style::TITLE_SIZE)).chain(notes);
        lines.filter(|(text, _)| !text.is_empty())
    }
}

/// Where columns begin, in points, and how wide they are.
struct Layout {
    page: Size,
    top: f64,
    bar: f64,
    name: f64,
    label: f64,
    /// The right edge of the number.
    value: f64,
    about: f64,
    /// Room of each fact.
    fact: f64,
}

impl Layout {
    fn of(listing: &Listing) -> Result<Self, FigureError> {
        let entries = || listing.groups.iter().flat_map(|group| &group.entries);
        let names = entries().map(|entry| entry.name.as_str());
        let labels = entries().map(|entry| entry.label.as_str());
        let values = entries().map(|entry| entry.value.as_str());
        let of_groups = listing.groups.iter().flat_map(|group| [group.name.as_str(), &group.detail]);
        // Names are larger than what this measures by a seventh, which the gap has room for.
        let bar = style::MARGIN + widest(of_groups, GROUP_ROOM)? + GAP;
        let name = bar + BAR + 3.0;
        let label = name + widest(names, NAME_ROOM)? + GAP;
        let number = widest(values, NAME_ROOM)?;
        let value = label + widest(labels, LABEL_ROOM)? + if number > 0.0 { GAP + number } else { 0.0 };
        let about = value + GAP;
        let facts = entries().map(|entry| match &entry.about {
            About::Facts(facts) => facts.len(),
            About::Text(_) => 1,
        });
        let room = style::BOTH_COLUMNS - style::MARGIN - about;
        let fact = room / facts.max().unwrap_or(1).max(1) as f64;

        let mut top = style::MARGIN;
        for (_, size) in listing.heading() {
            top += size * style::LINE_HEIGHT;
        }
        top += style::LABEL_GAP;
        let lines: f64 = listing.groups.iter().map(|group| group.height() + GROUP_GAP).sum();
        let height = top + lines - GROUP_GAP + style::MARGIN;
        let page = Size { width: style::BOTH_COLUMNS, height: (height / WHOLE).ceil() * WHOLE };
        Ok(Layout { page, top, bar, name, label, value, about, fact })
    }

    fn draw(&self, page: &mut Page<'_>, listing: &Listing) -> Result<(), FigureError> {
        let mut y = style::MARGIN;
        for (text, size) in listing.heading() {
            let text = text::shorten(text, size, self.page.width - 2.0 * style::MARGIN)?;
            write(page, &text, size, (style::MARGIN, y + size * style::CAP_HEIGHT), Anchor::Start);
            y += size * style::LINE_HEIGHT;
        }
        let mut top = self.top;
        for group in &listing.groups {
            self.draw_group(page, group, top)?;
            top += group.height();
            let middle = top + GROUP_GAP / 2.0;
            if middle < self.page.height - style::MARGIN - GROUP_GAP {
                let ends = [(style::MARGIN, middle), (self.page.width - style::MARGIN, middle)];
                page.line(&ends, style::GRID, style::GRID_WIDTH)?;
            }
            top += GROUP_GAP;
        }
        Ok(())
    }

    fn draw_group(&self, page: &mut Page<'_>, group: &Group, top: f64) -> Result<(), FigureError> {
        let base = |line: usize| top + line as f64 * LINE + (LINE + CAP) / 2.0;
        let name = text::shorten_middle(&group.name, LABEL, GROUP_ROOM)?;
        write(page, &name, LABEL, (style::MARGIN, base(0)), Anchor::Start);
        let detail = text::shorten(&group.detail, TICK, GROUP_ROOM)?;
        write(page, &detail, TICK, (style::MARGIN, base(1)), Anchor::Start);
        if group.entries.is_empty() {
            let empty = text::shorten(&group.empty, TICK, self.page.width - self.name - style::MARGIN)?;
            write(page, &empty, TICK, (self.name, base(0)), Anchor::Start);
        }
        for (line, entry) in group.entries.iter().enumerate() {
            let y = base(line);
            if entry.is_marked {
                let (top, bottom) = (y - CAP - 1.5, y + 1.5);
                page.fill(Frame { left: self.bar, top, right: self.bar + BAR, bottom }, style::MARK)?;
            }
            let name = text::shorten_middle(&entry.name, TICK, NAME_ROOM)?;
            write(page, &name, TICK, (self.name, y), Anchor::Start);
            let label = text::shorten_middle(&entry.label, TICK, LABEL_ROOM)?;
            write(page, &label, TICK, (self.label, y), Anchor::Start);
            write(page, &entry.value, TICK, (self.value, y), Anchor::End);
            self.draw_about(page, &entry.about, y)?;
        }
        Ok(())
    }

    fn draw_about(&self, page: &mut Page<'_>, about: &About, y: f64) -> Result<(), FigureError> {
        match about {
            About::Text(text) => {
                let room = self.page.width - style::MARGIN - self.about;
                write(page, &text::shorten(text, TICK, room)?, TICK, (self.about, y), Anchor::Start);
            }
            About::Facts(facts) => {
                for (at, (name, rest)) in facts.iter().enumerate() {
                    let left = self.about + at as f64 * self.fact;
                    let rest = format!(" {rest}");
                    let room = self.fact - GAP - text::width(&rest, TICK)?;
                    let name = text::shorten_middle(name, TICK, room)?;
                    write(page, &(name + &rest), TICK, (left, y), Anchor::Start);
                }
            }
        }
        Ok(())
    }
}

impl Group {
    fn height(&self) -> f64 {
        self.entries.len().max(FEWEST) as f64 * LINE
    }
}

/// The width of the widest text, but no more than the room that there is.
fn widest<'a>(texts: impl Iterator<Item = &'a str>, room: f64) -> Result<f64, FigureError> {
    let mut widest = 0.0_f64;
    for text in texts.filter(|text| !text.is_empty()) {
        // Longer ones do not fit, and measuring takes time.
        let start: String = text.chars().take(100).collect();
        widest = widest.max(text::width(&start, TICK)?);
        if widest >= room {
            return Ok(room);
        }
    }
    Ok(widest)
}

fn write(page: &mut Page<'_>, text: &str, size: f64, (x, y): (f64, f64), anchor: Anchor) {
    if !text.is_empty() {
        page.text(text::Line { text, size, x, y, anchor, turn: Turn::Level });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Listing {
        let facts =
            [("alcohol", "14.8 (+3.1)"), ("a name that is by far too long for its room", "-2 (-2.5)")];
        let facts = facts.map(|(name, rest)| (name.to_string(), rest.to_string()));
        let entry = |about| Entry {
            name: "#17".into(),
            label: "bee".into(),
            value: "0.93".into(),
            about,
            is_marked: false,
        };
        let entries = vec![
            Entry { is_marked: true, ..entry(About::Facts(facts.into())) },
            entry(About::Text("a review that goes on and on ".repeat(9))),
        ];
        let group = |name: &str, entries| Group {
            name: name.into(),
            detail: "1 label issue".into(),
            empty: "no hard samples".into(),
            entries,
        };
        let groups = vec![group("ant", entries), group("bee", vec![])];
        Listing { title: "A <b>".into(), notes: vec!["one".into()], groups }
    }

    #[test]
    fn same_listing_same_bytes() {
        let drawn = listing(&small()).unwrap();
        assert_eq!(drawn, listing(&small()).unwrap());
        assert_eq!(super::super::digest(&drawn), "cb0ba6f417d1f3fd", "see figures::VERSION");
        assert_eq!(drawn.svg.matches("#d55e00").count(), 1, "a bar for the marked one");
    }

    #[test]
    fn columns_are_as_wide_as_they_need_and_facts_share_the_rest() {
        let layout = Layout::of(&small()).unwrap();
        assert!(layout.name < layout.label && layout.label < layout.value && layout.value < layout.about);
        assert!(2.0 * layout.fact + layout.about <= style::BOTH_COLUMNS);
        let mut bare = small();
        bare.groups[0].entries.iter_mut().for_each(|entry| entry.value.clear());
        assert!(Layout::of(&bare).unwrap().about < layout.about - 10.0);
        bare.groups[0].entries[0].name = "お".into();
        assert!(matches!(listing(&bare), Err(FigureError::MissingGlyph { .. })));
        assert!(matches!(listing(&Listing { groups: vec![], ..small() }), Err(FigureError::NoCategories)));
    }
}
