//! A gallery: rows of pictures, such as the hardest samples of every class. Pictures with their captions come in; a
//! finished figure goes out. It must not know what is on the pictures.

use std::collections::BTreeSet;

use super::FigureError;
use super::canvas::{self, Frame, Page};
use super::raster::{self, Placed, Raster};
use super::render::{self, Rendered};
use super::style::{self, Size};
use super::text::{self, Anchor, Turn};
use crate::visible;

/// A figure of rows of pictures. Every row has [`Gallery::tiles`] at most.
#[derive(Clone, Debug)]
pub struct Gallery {
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    pub rows: Vec<Row>,
}

/// A row; the name and the detail stand at its left, `empty` where there is no picture.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub detail: String,
    pub empty: String,
    pub tiles: Vec<Tile>,
}

/// A picture with captions below it: what it is taken for, a number, and what it is called, if it has a name.
#[derive(Clone, Debug)]
pub struct Tile {
    pub raster: Raster,
    pub label: String,
    pub value: String,
    pub name: String,
    /// Whether a coloured frame tells it from the others.
    pub is_marked: bool,
}

const TICK: f64 = style::TICK_SIZE;
const LABEL: f64 = style::LABEL_SIZE;
const CAP: f64 = TICK * style::CAP_HEIGHT;
const LINE: f64 = TICK * style::LINE_HEIGHT;
/// Pictures side by side on the page.
const ACROSS: usize = 10;
/// So many rows go over the whole width; more stand in two blocks side by side, each with half of the pictures.
const ONE_BLOCK: usize = 12;
/// Longest name of a row.
const NAME_ROOM: f64 = 62.0;
/// A picture's height, at most, as a part of its room's width.
const TALLEST: f64 = 1.3;
/// Between pictures, between a row's name and its pictures, between blocks, between a picture and its caption, between
/// rows.
const ACROSS_GAP: f64 = 5.0;
const NAME_GAP: f64 = 6.0;
const BLOCK_GAP: f64 = 14.0;
const CAPTION_GAP: f64 = 2.6;
const ROW_GAP: f64 = 7.0;
/// Between the two captions where they stand in one line.
const CAPTION_SPACE: f64 = 4.0;
/// A thin frame, which pictures as white as the paper need.
const RIM: f64 = 0.35;
/// The frame of a picture that is marked.
const MARKED_RIM: f64 = 1.3;
/// Heights of pages are multiples of this, so that a PNG has whole pixels.
const WHOLE: f64 = 6.0;

/// Whether the font of the figures has all characters of a text, and all of it can be seen: two texts that differ must not
/// look alike.
pub fn legible(text: &str) -> bool {
    // The font has no letters that joiners join, and no second shape that selectors select.
    let is_without_effect = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    !text.contains(|c| visible::is_unseen(c) || is_without_effect(c))
        && text::width(text, TICK).is_ok_and(|width| width > 0.0)
}

/// Draws the gallery, as wide as both columns of a paper.
pub fn gallery(gallery: &Gallery) -> Result<Rendered, FigureError> {
    if gallery.rows.is_empty() {
        return Err(FigureError::NoCategories);
    }
    if let Some(raster) = tiles(gallery).map(|tile| &tile.raster).find(|raster| !raster.is_whole()) {
        let Raster { channels, width, height, ref pixels } = *raster;
        return Err(FigureError::Pixels { channels, width, height, found: pixels.len() });
    }
    let layout = Layout::of(gallery)?;
    let mut pictures = Vec::new();
    let svg = canvas::draw(layout.page, |page| layout.draw(page, gallery, &mut pictures))?;
    render::render_with(&svg, &pictures)
}

impl Gallery {
    /// How many pictures a row may have, where there are so many rows.
    pub fn tiles(rows: usize) -> usize {
        ACROSS / blocks(rows)
    }

    /// The title and the notes, each with its size.
    fn heading(&self) -> impl Iterator<Item = (&str, f64)> {
        let notes = self.notes.iter().map(|note| (note.as_str(), TICK));
        let lines = std::iter::once((self.title.as_str(), style::TITLE_SIZE)).chain(notes);
        lines.filter(|(text, _)| !text.is_empty())
    }
}

/// Room of a label: a little of the gaps at both sides is free.
fn label_room(room: f64) -> f64 {
    room + ACROSS_GAP / 2.0
}

fn blocks(rows: usize) -> usize {
    if rows <= ONE_BLOCK { 1 } else { 2 }
}

fn tiles(gallery: &Gallery) -> impl Iterator<Item = &Tile> {
    gallery.rows.iter().flat_map(|row| &row.tiles)
}

/// Sizes that all rows share, in points.
struct Layout {
    page: Size,
    /// Where the first row begins.
    top: f64,
    rows_per_block: usize,
    block: f64,
    /// Room of a row's name, with the gap after it.
    names: f64,
    /// Room of a picture's width.
    room: f64,
    /// Height of the tallest picture.
    height: f64,
    row: f64,
    captions_in_one_line: bool,
    /// Cuts the names of rows, and the labels of pictures.
    name_cut: Cut,
    label_cut: Cut,
}

/// How texts that are too long are cut.
#[derive(Clone, Copy)]
enum Cut {
    End,
    /// Some that differ would look alike.
    Middle,
}

impl Cut {
    /// The way that keeps `texts` apart.
    fn of<'a>(texts: impl Iterator<Item = &'a str>, size: f64, room: f64) -> Result<Cut, FigureError> {
        let texts: BTreeSet<&str> = texts.collect();
        let mut cut = BTreeSet::new();
        for text in texts {
            if !cut.insert(text::shorten(text, size, room)?) {
                return Ok(Cut::Middle);
            }
        }
        Ok(Cut::End)
    }

    fn shorten(self, text: &str, size: f64, room: f64) -> Result<String, FigureError> {
        match self {
            Cut::End => text::shorten(text, size, room),
            Cut::Middle => text::shorten_middle(text, size, room),
        }
    }
}

impl Layout {
    fn of(gallery: &Gallery) -> Result<Self, FigureError> {
        let (blocks, across) = (blocks(gallery.rows.len()), Gallery::tiles(gallery.rows.len()));
        let rows_per_block = gallery.rows.len().div_ceil(blocks);
        let mut names = 0.0_f64;
        let name_cut = Cut::of(gallery.rows.iter().map(|row| row.name.as_str()), LABEL, NAME_ROOM)?;
        for row in &gallery.rows {
            let (name, detail) = row.texts(name_cut)?;
            names = names.max(text::width(&name, LABEL)?).max(text::width(&detail, TICK)?);
        }
        names += NAME_GAP;
        let width = style::BOTH_COLUMNS - 2.0 * style::MARGIN;
        let block = (width - (blocks - 1) as f64 * BLOCK_GAP) / blocks as f64;
        let room = (block - names - (across - 1) as f64 * ACROSS_GAP) / across as f64;

        let (mut height, mut captions_in_one_line) = (0.0_f64, true);
        for tile in tiles(gallery) {
            let (across, down) = tile.size(room);
            height = height.max(down);
            // Longer ones do not fit, and measuring takes time.
            let start: String = tile.label.chars().take(100).collect();
            let both = text::width(&start, TICK)? + CAPTION_SPACE + text::width(&tile.value, TICK)?;
            captions_in_one_line &= both <= across;
        }
        let label_cut = Cut::of(tiles(gallery).map(|tile| tile.label.as_str()), TICK, label_room(room))?;
        // Where no row has a picture.
        height = height.max(2.0 * LINE);
        let are_named = tiles(gallery).any(|tile| !tile.name.is_empty());
        let lines = if captions_in_one_line { 1 } else { 2 } + usize::from(are_named);
        let row = height + CAPTION_GAP + CAP + (lines - 1) as f64 * LINE + style::DESCENT * TICK + ROW_GAP;
        let mut top = style::MARGIN;
        for (_, size) in gallery.heading() {
            top += size * style::LINE_HEIGHT;
        }
        top += style::LABEL_GAP;
        let page_height = top + rows_per_block as f64 * row - ROW_GAP + style::MARGIN;
        let page = Size { width: style::BOTH_COLUMNS, height: (page_height / WHOLE).ceil() * WHOLE };
        Ok(Self {
            page,
            top,
            rows_per_block,
            block,
            names,
            room,
            height,
            row,
            captions_in_one_line,
            name_cut,
            label_cut,
        })
    }

    fn draw(
        &self,
        page: &mut Page<'_>,
        gallery: &Gallery,
        pictures: &mut Vec<Placed>,
    ) -> Result<(), FigureError> {
        let mut y = style::MARGIN;
        for (text, size) in gallery.heading() {
            let text = text::shorten(text, size, self.page.width - 2.0 * style::MARGIN)?;
            write(page, &text, size, (style::MARGIN, y + size * style::CAP_HEIGHT), Anchor::Start);
            y += size * style::LINE_HEIGHT;
        }
        for (at, row) in gallery.rows.iter().enumerate() {
            let left = style::MARGIN + (at / self.rows_per_block) as f64 * (self.block + BLOCK_GAP);
            let top = self.top + (at % self.rows_per_block) as f64 * self.row;
            self.draw_row(page, row, (left, top), pictures)?;
        }
        Ok(())
    }

    fn draw_row(
        &self,
        page: &mut Page<'_>,
        row: &Row,
        (left, top): (f64, f64),
        pictures: &mut Vec<Placed>,
    ) -> Result<(), FigureError> {
        let (name, detail) = row.texts(self.name_cut)?;
        let middle = top + self.height / 2.0;
        // One line stands in the middle, two around it.
        let name_at = if detail.is_empty() { middle + LABEL * style::CAP_HEIGHT / 2.0 } else { middle - 1.0 };
        write(page, &name, LABEL, (left, name_at), Anchor::Start);
        write(page, &detail, TICK, (left, middle + LINE - 1.0), Anchor::Start);
        let first = left + self.names;
        if row.tiles.is_empty() {
            let empty = text::shorten(&row.empty, TICK, self.block - self.names)?;
            write(page, &empty, TICK, (first, middle + CAP / 2.0), Anchor::Start);
        }
        for (at, tile) in row.tiles.iter().enumerate() {
            let (width, height) = tile.size(self.room);
            let room = first + at as f64 * (self.room + ACROSS_GAP);
            let left = raster::snapped(room + (self.room - width) / 2.0);
            // Pictures stand on one line, above their captions.
            let top = raster::snapped(top + self.height - height);
            let frame = Frame { left, top, right: left + width, bottom: top + height };
            let (rim, color) = if tile.is_marked { (MARKED_RIM, style::MARK) } else { (RIM, style::GRID) };
            let rim = Frame {
                left: left - rim,
                top: top - rim,
                right: frame.right + rim,
                bottom: frame.bottom + rim,
            };
            page.fill(rim, color)?;
            self.write_captions(page, tile, frame)?;
            pictures.push(Placed { raster: tile.raster.clone(), frame });
        }
        Ok(())
    }

    fn write_captions(&self, page: &mut Page<'_>, tile: &Tile, frame: Frame) -> Result<(), FigureError> {
        let mut y = frame.bottom + CAPTION_GAP + CAP;
        let middle = (frame.left + frame.right) / 2.0;
        if self.captions_in_one_line {
            write(page, &tile.label, TICK, (frame.left, y), Anchor::Start);
            write(page, &tile.value, TICK, (frame.right, y), Anchor::End);
        } else {
            let label = self.label_cut.shorten(&tile.label, TICK, label_room(self.room))?;
            write(page, &label, TICK, (middle, y), Anchor::Middle);
            y += LINE;
            write(page, &tile.value, TICK, (middle, y), Anchor::Middle);
        }
        // Files of one class often begin and end alike: those that are cut keep both.
        let name = text::shorten_middle(&tile.name, TICK, label_room(self.room))?;
        write(page, &name, TICK, (middle, y + LINE), Anchor::Middle);
        Ok(())
    }
}

impl Row {
    /// Its name and detail, cut where they are too long.
    fn texts(&self, cut: Cut) -> Result<(String, String), FigureError> {
        let name = cut.shorten(&self.name, LABEL, NAME_ROOM)?;
        Ok((name, text::shorten(&self.detail, TICK, NAME_ROOM)?))
    }
}

impl Tile {
    /// Width and height of its picture in so wide a room.
    fn size(&self, room: f64) -> (f64, f64) {
        raster::size_in((room, room * TALLEST), (self.raster.width, self.raster.height))
    }
}

fn write(page: &mut Page<'_>, text: &str, size: f64, (x, y): (f64, f64), anchor: Anchor) {
    if !text.is_empty() {
        page.text(text::Line { text, size, x, y, anchor, turn: Turn::Level });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: usize, channels: usize, label: &str) -> Gallery {
        let raster = Raster { channels, width: 3, height: 2, pixels: (0..6 * channels as u8).collect() };
        let tile =
            Tile { raster, label: label.into(), value: "0.93".into(), name: String::new(), is_marked: false };
        let row = |at: usize| Row {
            name: format!("class {at}"),
            detail: "7 hard".into(),
            empty: "none".into(),
            tiles: vec![tile.clone(); at % (Gallery::tiles(rows) + 1)],
        };
        Gallery { title: "A <b>".into(), notes: Vec::new(), rows: (0..rows).map(row).collect() }
    }

    #[test]
    fn same_gallery_same_bytes_with_its_pictures_in_every_format() {
        for channels in [1, 3] {
            let chart = of(3, channels, "7");
            let first = gallery(&chart).unwrap();
            assert_eq!(first, gallery(&chart).unwrap());
            let golden = if channels == 1 { "7c7ae9710e6f1514" } else { "db4597b4d93b0db7" };
            assert_eq!(super::super::digest(&first), golden, "see figures::VERSION");
            assert_eq!(first.svg.matches("<image ").count(), 3);
            let count = |what: &[u8]| first.pdf.windows(what.len()).filter(|part| *part == what).count();
            // One picture, drawn three times.
            assert_eq!((count(b"/Subtype /Image\n"), count(b"startxref")), (1, 1));
            assert!(!first.svg.contains("<text"));
        }
    }

    #[test]
    fn a_marked_picture_has_a_frame_of_another_colour() {
        let frames = |chart: &Gallery| gallery(chart).unwrap().svg.matches("#d55e00").count();
        let mut chart = of(3, 1, "7");
        assert_eq!(frames(&chart), 0);
        chart.rows[2].tiles[0].is_marked = true;
        assert_eq!(frames(&chart), 1);
    }

    #[test]
    fn names_and_notes_take_lines_of_their_own() {
        let height = |chart: &Gallery| Layout::of(chart).unwrap().page.height;
        let mut chart = of(12, 1, "7");
        let plain = height(&chart);
        chart.notes = vec!["one".into(), "two".into()];
        let noted = height(&chart);
        chart.rows[3].tiles[0].name = "a-long-name-of-a-file-00017.png".into();
        assert!(noted > plain + LINE && height(&chart) > noted + 11.0 * LINE);
        gallery(&chart).unwrap();
    }

    #[test]
    fn many_rows_stand_in_two_blocks() {
        assert_eq!([1, 12, 13, 30].map(Gallery::tiles), [10, 10, 5, 5]);
        let height = |rows: usize| Layout::of(&of(rows, 1, "7")).unwrap().page.height;
        assert!(height(24) < 1.4 * height(12));
        gallery(&of(30, 1, &"a long name ".repeat(20))).unwrap();
    }

    #[test]
    fn long_captions_take_two_lines_and_wrong_pictures_are_an_error() {
        let in_one_line = |label: &str| Layout::of(&of(3, 1, label)).unwrap().captions_in_one_line;
        let cut = |names: [&str; 2]| Cut::of(names.into_iter(), TICK, 30.0).unwrap();
        assert!(matches!(cut(["pullover, red", "trousers, red"]), Cut::End));
        assert!(matches!(cut(["pullover, red", "pullover, blue"]), Cut::Middle));
        assert!(in_one_line("7") && !in_one_line("Ankle boot"));
        let mut chart = of(3, 1, "7");
        chart.rows[2].tiles[0].raster.height = 9;
        assert!(matches!(gallery(&chart), Err(FigureError::Pixels { height: 9, found: 6, .. })));
        chart.rows.clear();
        assert!(matches!(gallery(&chart), Err(FigureError::NoCategories)));
        assert!(legible("Ankle boot – ←→") && !legible("お"));
    }
}
