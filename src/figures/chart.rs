//! What a chart of lines is: panels, lines and their points, as whoever has the numbers describes them. It must not know
//! how any is drawn.

use super::axis::{Axis, Range};
use super::look::{Look, Spread};

/// Panels in rows and columns, with one legend for all.
#[derive(Clone, Debug)]
pub struct LineChart {
    pub panels: Vec<Panel>,
    /// Panels in a row, see [`super::columns`].
    pub columns: usize,
    pub x: Axis,
    pub y: Axis,
    /// The legend; a chart without keys has none.
    pub keys: Vec<Key>,
}

/// One panel. It may be empty, and an empty title takes no room.
#[derive(Clone, Debug)]
pub struct Panel {
    pub title: String,
    pub lines: Vec<Line>,
}

/// A line through its points, which are in the order of x.
#[derive(Clone, Debug)]
pub struct Line {
    pub look: Look,
    pub points: Vec<Point>,
}

#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub x: f64,
    pub mean: f64,
    pub std: f64,
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub struct Key {
    pub label: String,
    pub look: Look,
}

impl LineChart {
    /// What the points and their spreads take of both axes, if there are any.
    pub fn ends(&self) -> Option<[Range; 2]> {
        let lines = || self.panels.iter().flat_map(|panel| &panel.lines);
        let x = Range::of(lines().flat_map(|line| &line.points).map(|point| point.x))?;
        let spreads = lines().flat_map(|line| line.points.iter().map(|point| point.spread(line.look)));
        Some([x, spreads.reduce(Range::and)?])
    }
}

impl Point {
    /// What is drawn of the point: its spread, if the look has one.
    pub fn spread(&self, look: Look) -> Range {
        let std = if look.spread == Spread::None { 0.0 } else { self.std };
        Range { low: self.mean - std, high: self.mean + std }
    }
}
