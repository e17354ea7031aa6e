//! Very many points of two numbers each: how many there are where, and which share of them is marked. Points and axes come
//! in; a finished figure goes out. It must not know what the numbers mean.
//!
//! A cell's shade says how many points lie in it, and the area of the dot on it how many of these are marked. So points
//! do not hide each other, and a million of them make the figure as large as a thousand.

use std::collections::BTreeMap;

use super::FigureError;
use super::axis::{Axis, Range};
use super::canvas::{self, Frame, Page};
use super::hexagons::{Cell, Count, Hexagons};
use super::look;
use super::render::{self, Rendered};
use super::shades::Shades;
use super::style::{self, Size};
use super::text::{self, Anchor, Line, Turn};
use super::ticks::{MOST_STEPS, Ticks, thousands, ticks};

/// A map of points.
#[derive(Clone, Debug)]
pub struct Hexbin {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub points: Vec<Spot>,
    /// What points are, at the scale of the shades.
    pub counted: String,
    /// What those that are marked are, in the legend.
    pub marked: String,
    /// What the points at the upper end, at the right and at the lower end are called. Each stands right of the points at its
    /// height.
    pub words: [String; 3],
}

/// A point of the map.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    pub x: f64,
    pub y: f64,
    pub is_marked: bool,
}

/// A column of a paper wide, and higher than other figures.
const PAGE: Size = Size { width: style::COLUMN.width, height: 222.0 };
/// Width of a cell.
const CELL: f64 = 4.4;
/// From the frame to what may have a point: whole cells lie within the frame.
const INSET: f64 = 3.0;
/// From points to a word.
const WORD_GAP: f64 = 5.0;
/// For an upright word at the right side.
const WORD_ROOM: f64 = WORD_GAP + TICK;
/// Width of the scale of shades, and its distance from the frame.
const BAR: f64 = 7.0;
const BAR_GAP: f64 = 7.0;
/// From one label of the scale to the next, at least.
const BAR_ROW: f64 = style::TICK_SIZE * 1.25;
/// Diameter of the dot on a cell whose points are all marked, as a part of the cell's width.
const DOT: f64 = 0.8;
/// Shares of marked points that the legend shows.
const SHARES: [(f64, &str); 3] = [(0.1, "10 %"), (0.5, "50 %"), (1.0, "100 %")];
const TICK: f64 = style::TICK_SIZE;
const LABEL: f64 = style::LABEL_SIZE;
const LABEL_ROOM: f64 = LABEL * (style::CAP_HEIGHT + style::DESCENT) + style::LABEL_GAP;

/// Draws the map, a column of a paper wide.
///
/// # Errors
/// There are no points, or one is not finite.
pub fn hexbin(map: &Hexbin) -> Result<Rendered, FigureError> {
    if let Some(Spot { x, y, .. }) = map.points.iter().find(|spot| !is_sound(spot)) {
        return Err(FigureError::Point { panel: map.title.clone(), x: *x, mean: *y, std: 0.0 });
    }
    let layout = Layout::of(map)?;
    let svg = canvas::draw(PAGE, |page| layout.draw(page, map))?;
    render::render(&svg)
}

/// Beyond this the ends of axes could overflow.
fn is_sound(spot: &Spot) -> bool {
    [spot.x, spot.y].iter().all(|value| value.abs() <= f64::MAX / 100.0)
}

/// Everything's place on the page.
struct Layout {
    frame: Frame,
    ranges: [Range; 2],
    ticks: [Ticks; 2],
    cells: BTreeMap<Cell, Count>,
    shades: Shades,
}

const CELLS: Hexagons = Hexagons { width: CELL };

impl Layout {
    fn of(map: &Hexbin) -> Result<Self, FigureError> {
        let end = |axis: &Axis, value: fn(&Spot) -> f64| {
            Range::of(map.points.iter().map(value)).map(|data| axis.range(data, 0.0))
        };
        let (Some(across), Some(up)) = (end(&map.x, |spot| spot.x), end(&map.y, |spot| spot.y)) else {
            return Err(FigureError::NoPoints);
        };
        let ranges = [across, up];
        let ticks = ranges.map(|range| ticks(range.low, range.high, MOST_STEPS));
        let has_marks = map.points.iter().any(|spot| spot.is_marked);
        let legend = if has_marks { style::LEGEND_SIZE * 1.5 } else { 0.0 };
        let top = style::MARGIN + style::TITLE_SIZE + style::LABEL_GAP + legend;
        let bottom = style::MARGIN + style::TICK_GAP + TICK * style::CAP_HEIGHT + LABEL_ROOM;
        let left = style::MARGIN + LABEL_ROOM + widest(&ticks[1].labels)? + style::TICK_GAP;
        let frame = Frame { left, top, right: PAGE.width, bottom: PAGE.height - bottom };
        let mut layout = Layout {
            frame,
            ranges,
            ticks,
            cells: BTreeMap::new(),
            shades: Shades::to(map.points.len() as u64),
        };
        // The labels of the scale depend on the counts of cells, which depend on the room for these labels. The second round
        // settles it.
        for _ in 0..2 {
            let labels: Vec<String> = layout.labels().into_iter().map(|(_, label)| label).collect();
            let room = widest(&labels)? + style::TICK_GAP + BAR + BAR_GAP;
            layout.frame.right = PAGE.width - style::MARGIN - LABEL_ROOM - room;
            let points = map.points.iter().map(|spot| (layout.at((spot.x, spot.y)), spot.is_marked));
            layout.cells = CELLS.counted(points);
            layout.shades = Shades::to(layout.cells.values().map(|count| count.all).max().unwrap_or(1));
        }
        Ok(layout)
    }

    /// A place of the map as a point of the page.
    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let Frame { left, right, top, bottom } = self.frame;
        let (width, height) = (right - left - 2.0 * INSET - WORD_ROOM, bottom - top - 2.0 * INSET);
        (left + INSET + self.ranges[0].share(x) * width, bottom - INSET - self.ranges[1].share(y) * height)
    }

    /// Where the scale is labelled, in steps: at each that has room, else at powers of ten, and at its end.
    fn labels(&self) -> Vec<(usize, String)> {
        let is_wide = self.step() >= BAR_ROW;
        let steps = self.shades.from.iter().enumerate();
        let labelled = steps.filter(|(step, _)| is_wide || self.shades.is_round(*step));
        let labelled = labelled.map(|(step, from)| (step, thousands(*from)));
        let end = (self.shades.from.len(), thousands(self.shades.most));
        labelled.chain([end]).collect()
    }

    /// Height of a step of the scale.
    fn step(&self) -> f64 {
        self.frame.height() / self.shades.from.len() as f64
    }

    fn draw(&self, page: &mut Page<'_>, map: &Hexbin) -> Result<(), FigureError> {
        self.draw_grid(page)?;
        for (cell, count) in &self.cells {
            page.area(&CELLS.outline(*cell), self.shades.of(count.all))?;
        }
        for (cell, count) in self.cells.iter().filter(|(_, count)| count.marked > 0) {
            dot(page, CELLS.middle(*cell), count.marked as f64 / count.all as f64)?;
        }
        let Frame { left, top, right, bottom } = self.frame;
        page.line(&[(left, top), (left, bottom), (right, bottom)], style::INK, style::AXIS_WIDTH)?;
        self.write_words(page, &map.words)?;
        self.draw_scale(page, &map.counted)?;
        self.draw_legend(page, &map.marked)?;
        self.write(page, map)
    }

    /// Words stand on paper, which keeps grid lines out of them.
    fn write_words(
        &self,
        page: &mut Page<'_>,
        [upper, right, lower]: &[String; 3],
    ) -> Result<(), FigureError> {
        let half = style::CAP_HEIGHT * TICK / 2.0;
        for (word, share) in [(upper, 0.97), (lower, 0.03)] {
            let y = self.frame.bottom - share * self.frame.height();
            let width = text::width(word, TICK)?;
            let x = (self.frame.right - width).min(self.end(y, TICK / 2.0) + WORD_GAP);
            let ground =
                Frame { left: x - 1.0, top: y - TICK / 2.0, right: x + width + 1.0, bottom: y + TICK / 2.0 };
            page.fill(ground, style::PAPER)?;
            page.text(Line { anchor: Anchor::Start, ..level(word, TICK, x, y + half) });
        }
        let y = (self.frame.top + self.frame.bottom) / 2.0;
        let reach = text::width(right, TICK)? / 2.0;
        let x = self.frame.right.min(self.end(y, reach) + WORD_GAP + 2.0 * half);
        let ground = Frame { left: x - TICK, top: y - reach - 1.0, right: x + 1.0, bottom: y + reach + 1.0 };
        page.fill(ground, style::PAPER)?;
        page.text(Line { turn: Turn::Upright, ..level(right, TICK, x, y) });
        Ok(())
    }

    /// The right end of all cells at this height, as far as a word reaches up and down.
    fn end(&self, y: f64, reach: f64) -> f64 {
        let middles = self.cells.keys().map(|cell| CELLS.middle(*cell));
        let beside = middles.filter(|(_, middle)| (middle - y).abs() <= reach + CELL / 2.0);
        beside.map(|(x, _)| x + CELL / 2.0).fold(self.frame.left, f64::max)
    }

    fn draw_grid(&self, page: &Page<'_>) -> Result<(), FigureError> {
        let Frame { left, top, right, bottom } = self.frame;
        for tick in &self.ticks[0].values {
            let (x, _) = self.at((*tick, self.ranges[1].low));
            page.line(&[(x, top), (x, bottom)], style::GRID, style::GRID_WIDTH)?;
        }
        for tick in &self.ticks[1].values {
            let (_, y) = self.at((self.ranges[0].low, *tick));
            page.line(&[(left, y), (right, y)], style::GRID, style::GRID_WIDTH)?;
        }
        Ok(())
    }

    /// The scale of shades, beside the frame.
    fn draw_scale(&self, page: &mut Page<'_>, counted: &str) -> Result<(), FigureError> {
        let left = self.frame.right + BAR_GAP;
        let right = left + BAR;
        let above = |step: usize| self.frame.bottom - step as f64 * self.step();
        for step in 0..self.shades.from.len() {
            let area = Frame { left, top: above(step + 1), right, bottom: above(step) };
            page.fill(area, self.shades.of_step(step))?;
        }
        for (step, label) in &self.labels() {
            let y = above(*step) + style::CAP_HEIGHT * TICK / 2.0;
            let x = right + style::TICK_GAP;
            page.text(Line { anchor: Anchor::Start, ..level(label, TICK, x, y) });
        }
        let middle = (self.frame.top + self.frame.bottom) / 2.0;
        let label = text::shorten(counted, LABEL, self.frame.height())?;
        let x = PAGE.width - style::MARGIN - style::DESCENT * LABEL;
        page.text(Line { turn: Turn::Upright, ..level(&label, LABEL, x, middle) });
        Ok(())
    }

    /// Dots of some sizes, above the frame.
    fn draw_legend(&self, page: &mut Page<'_>, marked: &str) -> Result<(), FigureError> {
        if self.cells.values().all(|count| count.marked == 0) {
            return Ok(());
        }
        let size = style::LEGEND_SIZE;
        let base = self.frame.top - style::LABEL_GAP;
        let mut x = self.frame.left;
        let put = |page: &mut Page<'_>, text: &str, x: f64| -> Result<f64, FigureError> {
            page.text(Line { anchor: Anchor::Start, ..level(text, size, x, base) });
            Ok(x + text::width(text, size)?)
        };
        x = put(page, marked, x)? + size;
        for (share, label) in SHARES {
            dot(page, (x, base - style::CAP_HEIGHT * size / 2.0), share)?;
            x = put(page, label, x + CELL)? + size;
        }
        Ok(())
    }

    fn write(&self, page: &mut Page<'_>, map: &Hexbin) -> Result<(), FigureError> {
        let Frame { left, right, top, bottom } = self.frame;
        let title = text::shorten(&map.title, style::TITLE_SIZE, PAGE.width - 2.0 * style::MARGIN)?;
        let y = style::MARGIN + style::TITLE_SIZE * style::CAP_HEIGHT;
        page.text(level(&title, style::TITLE_SIZE, (left + right) / 2.0, y));
        let [across, up] = &self.ticks;
        for (tick, label) in across.values.iter().zip(&across.labels) {
            let (x, _) = self.at((*tick, self.ranges[1].low));
            page.text(level(label, TICK, x, bottom + style::TICK_GAP + style::CAP_HEIGHT * TICK));
        }
        for (tick, label) in up.values.iter().zip(&up.labels) {
            let (_, y) = self.at((self.ranges[0].low, *tick));
            let (x, y) = (left - style::TICK_GAP, y + style::CAP_HEIGHT * TICK / 2.0);
            page.text(Line { anchor: Anchor::End, ..level(label, TICK, x, y) });
        }
        let named = |axis: &Axis, ticks: &Ticks| match &ticks.factor {
            Some(factor) => format!("{} ({factor})", axis.label),
            None => axis.label.clone(),
        };
        let label = text::shorten(&named(&map.x, across), LABEL, PAGE.width - 2.0 * style::MARGIN)?;
        let x = text::centred(&label, LABEL, (left + right) / 2.0, PAGE.width)?;
        page.text(level(&label, LABEL, x, PAGE.height - style::MARGIN - style::DESCENT * LABEL));
        let label = text::shorten(&named(&map.y, up), LABEL, PAGE.height - 2.0 * style::MARGIN)?;
        let y = text::centred(&label, LABEL, (top + bottom) / 2.0, PAGE.height)?;
        let x = style::MARGIN + style::CAP_HEIGHT * LABEL;
        page.text(Line { turn: Turn::Upright, ..level(&label, LABEL, x, y) });
        Ok(())
    }
}

/// A dot for a share of marked points.
fn dot(page: &Page<'_>, at: (f64, f64), share: f64) -> Result<(), FigureError> {
    page.area(&look::circle(at, CELL / 2.0 * DOT * share.sqrt()), style::MARK)
}

fn widest(labels: &[String]) -> Result<f64, FigureError> {
    labels.iter().try_fold(0.0_f64, |widest, label| Ok(widest.max(text::width(label, TICK)?)))
}

fn level(text: &str, size: f64, x: f64, y: f64) -> Line<'_> {
    Line { text, size, x, y, anchor: Anchor::Middle, turn: Turn::Level }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(points: &[(f64, f64, bool)]) -> Hexbin {
        let axis = |label: &str| Axis { label: label.into(), ..Axis::default() };
        Hexbin {
            title: "All samples".into(),
            x: axis("Spread"),
            y: axis("Mean"),
            points: points.iter().map(|&(x, y, is_marked)| Spot { x, y, is_marked }).collect(),
            counted: "Samples".into(),
            marked: "Wrong:".into(),
            words: ["high", "wide", "low"].map(String::from),
        }
    }

    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        let points = [(0.1, 0.9, false), (0.1, 0.9, false), (0.1, 0.9, true), (0.3, 0.4, false)];
        let drawn = hexbin(&map(&points)).unwrap();
        assert_eq!(super::super::digest(&drawn), "c001740f01b5bd53", "see figures::VERSION");
    }

    #[test]
    fn each_cell_is_drawn_once_and_a_dot_only_where_points_are_marked() {
        let shapes = |points: &[(f64, f64, bool)]| {
            let map = map(points);
            let layout = Layout::of(&map).unwrap();
            canvas::draw(PAGE, |page| layout.draw(page, &map)).unwrap().matches("<polygon").count()
        };
        assert_eq!(shapes(&[(0.0, 0.0, false), (1.0, 1.0, false)]), 2);
        assert_eq!(shapes(&[[(0.0, 0.0, false); 50], [(1.0, 1.0, false); 50]].concat()), 2);
        // A dot, and those of the legend.
        assert_eq!(shapes(&[(0.0, 0.0, false), (0.0, 0.0, true), (1.0, 1.0, false)]), 2 + 1 + SHARES.len());
    }

    #[test]
    fn what_cannot_be_drawn_is_a_typed_error() {
        assert!(matches!(hexbin(&map(&[])), Err(FigureError::NoPoints)));
        assert!(matches!(hexbin(&map(&[(f64::NAN, 0.0, false)])), Err(FigureError::Point { .. })));
        hexbin(&map(&[(0.0, 0.0, true)])).unwrap();
        hexbin(&map(&[(-1e300, 1e300, true), (1e300, 0.0, false)])).unwrap();
    }
}
