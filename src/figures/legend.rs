//! The legend of a chart. Labels with their looks come in, and for bars the
//! heights of what is drawn; the room that it takes, a place clear of the bars
//! and shapes go out. It must not know what the data are.

use super::canvas::{Frame, Page};
use super::look::{Look, Placed};
use super::text::{self, Anchor, Line, Turn};
use super::{FigureError, style};

const SIZE: f64 = style::LEGEND_SIZE;
/// Sides of a swatch of an area, and the length of a piece of a line.
const SWATCH: f64 = 6.0;
const PIECE: f64 = 15.0;
const SWATCH_GAP: f64 = 3.5;
const COLUMN_GAP: f64 = 9.0;
const ROW: f64 = SIZE * 1.35;
/// White around the entries, and the least distance to the data below.
const PAD: f64 = 3.0;
/// A legend that needs more of the frame's height than this may lie on the data.
const MOST_HEIGHT: f64 = 0.8;

/// What an entry shows before its label.
#[derive(Clone, Copy, Debug)]
pub enum Swatch {
    /// An area in a colour of the palette.
    Area(usize),
    /// A piece of a line.
    Line(Look),
}

impl Swatch {
    fn width(&self) -> f64 {
        match self {
            Swatch::Area(_) => SWATCH,
            Swatch::Line(_) => PIECE,
        }
    }

    fn draw(&self, page: &Page<'_>, x: f64, middle: f64) -> Result<(), FigureError> {
        let half = SWATCH / 2.0;
        match self {
            Swatch::Area(color) => {
                let area = Frame { left: x, top: middle - half, right: x + SWATCH, bottom: middle + half };
                page.fill(area, style::tint(style::PALETTE[color % style::PALETTE.len()]))
            }
            Swatch::Line(look) => {
                let at = |x| Placed { x, y: middle, low: middle + half, high: middle - half };
                look.draw_piece(page, [at(x), at(x + PIECE / 2.0), at(x + PIECE)])
            }
        }
    }
}

/// The entries, cut to fit `room` points across.
pub struct Legend {
    entries: Vec<(String, Swatch)>,
    entry_width: f64,
}

/// Where the legend goes, and the end of the y axis that this takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub columns: usize,
    /// From the left of the frame, in points.
    pub left: f64,
    pub y_end: f64,
}

impl Legend {
    pub fn new<'a>(entries: impl Iterator<Item = (&'a str, Swatch)>, room: f64) -> Result<Self, FigureError> {
        let mut entry_width = 0.0_f64;
        let mut fitted = Vec::new();
        for (label, swatch) in entries {
            let key = swatch.width() + SWATCH_GAP;
            let label = text::shorten(label, SIZE, room - key - 2.0 * PAD)?;
            entry_width = entry_width.max(key + text::width(&label, SIZE)?);
            fitted.push((label, swatch));
        }
        Ok(Self { entries: fitted, entry_width })
    }

    /// The place that stretches the y axis least. `tops` are the heights of
    /// what is drawn, spread evenly over the frame; the axis ends at `y_end`
    /// or above.
    pub fn place(&self, width: f64, height: f64, tops: &[f64], y_end: f64) -> Place {
        let mut best: Option<Place> = None;
        for columns in 1..=self.entries.len() {
            let (across, down) = self.extent(columns);
            if columns > 1 && across > width {
                continue;
            }
            let right = (width - across).max(0.0);
            let share = ((down + PAD) / height).min(MOST_HEIGHT);
            let slot = width / tops.len() as f64;
            let starts = [right, 0.0, right / 2.0].into_iter();
            let starts = starts.chain((1..tops.len()).map(|at| at as f64 * slot));
            for left in starts.filter(|&left| left <= right) {
                let highest = tops
                    .iter()
                    .enumerate()
                    .filter(|&(at, _)| at as f64 * slot < left + across && left < (at as f64 + 1.0) * slot)
                    .fold(0.0_f64, |highest, (_, &top)| highest.max(top));
                let y_end = y_end.max(highest / (1.0 - share));
                // Little is gained by an odd place for a sliver of height.
                if best.is_none_or(|best| y_end < best.y_end * 0.99) {
                    best = Some(Place { columns, left, y_end });
                }
            }
        }
        best.unwrap_or(Place { columns: 1, left: 0.0, y_end })
    }

    /// Draws the entries in so many columns, from a left and an upper end on.
    /// White below them keeps grid lines out of the text.
    pub fn draw(&self, page: &mut Page<'_>, columns: usize, left: f64, top: f64) -> Result<(), FigureError> {
        let (across, down) = self.extent(columns);
        page.fill(Frame { left, top, right: left + across, bottom: top + down }, style::PAPER)?;
        let rows = self.entries.len().div_ceil(columns);
        for (at, (label, swatch)) in self.entries.iter().enumerate() {
            let (column, row) = ((at / rows) as f64, (at % rows) as f64);
            let x = left + PAD + column * (self.entry_width + COLUMN_GAP);
            let middle = top + PAD + (row + 0.5) * ROW;
            swatch.draw(page, x, middle)?;
            page.text(Line {
                text: label,
                size: SIZE,
                x: x + swatch.width() + SWATCH_GAP,
                y: middle + style::CAP_HEIGHT * SIZE / 2.0,
                anchor: Anchor::Start,
                turn: Turn::Level,
            });
        }
        Ok(())
    }

    /// Width and height for every number of columns, from one up.
    pub fn shapes(&self) -> Vec<(usize, (f64, f64))> {
        (1..=self.entries.len()).map(|columns| (columns, self.extent(columns))).collect()
    }

    fn extent(&self, columns: usize) -> (f64, f64) {
        let rows = self.entries.len().div_ceil(columns) as f64;
        let columns = columns as f64;
        let across = columns * self.entry_width + (columns - 1.0) * COLUMN_GAP;
        (across + 2.0 * PAD, rows * ROW + 2.0 * PAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legend() -> Legend {
        let entries = ["one", "two", "three"].into_iter().map(|label| (label, Swatch::Area(0)));
        Legend::new(entries, 200.0).unwrap()
    }

    #[test]
    fn takes_a_free_corner() {
        let place = legend().place(200.0, 100.0, &[9.0, 9.0, 9.0, 9.0, 1.0], 10.0);
        assert_eq!((place.columns, place.y_end), (1, 10.0));
        assert!(place.left > 140.0);
    }

    #[test]
    fn stretches_the_axis_if_every_corner_is_taken() {
        let place = legend().place(200.0, 100.0, &[9.0; 10], 10.0);
        assert_eq!(place.columns, 3, "one row costs least");
        assert!((10.0..12.5).contains(&place.y_end), "{}", place.y_end);
    }
}
