//! How a line of data looks: colour, dashes, marks, spread. A look and points of
//! the page come in, shapes go out. It must not know axes or values.

use plotters::style::{Color as _, RGBColor};

use super::canvas::Page;
use super::{FigureError, dash, style};

/// The look of a line, which tells it from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// A place in the palette, or none for the colour of text.
    pub color: Option<usize>,
    pub stroke: Stroke,
    pub spread: Spread,
    /// Whether every point has a mark, of a shape that goes with the colour; it
    /// is hollow on a dotted line.
    pub marks: bool,
}

/// How the line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stroke {
    Solid,
    Dotted,
    /// Thin and translucent: one of so many that only their density counts.
    Faint,
}

/// How the standard deviations are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    None,
    /// Error bars with caps.
    Bars,
    /// A translucent area.
    Band,
}

/// A point of the page, with the ends of its spread; `high` is the upper one.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
}

/// The outline of a circle, one unit from the middle to the edge.
const CIRCLE: [(f64, f64); 12] = [
    (1.0, 0.0),
    (0.866, 0.5),
    (0.5, 0.866),
    (0.0, 1.0),
    (-0.5, 0.866),
    (-0.866, 0.5),
    (-1.0, 0.0),
    (-0.866, -0.5),
    (-0.5, -0.866),
    (0.0, -1.0),
    (0.5, -0.866),
    (0.866, -0.5),
];

/// Outlines of marks, one unit from the middle to the edge. A circle, a square,
/// a triangle and a diamond are of about the same area.
const MARKS: [&[(f64, f64)]; 4] = [
    &CIRCLE,
    &[(0.89, 0.89), (-0.89, 0.89), (-0.89, -0.89), (0.89, -0.89)],
    &[(0.0, -1.4), (1.25, 0.8), (-1.25, 0.8)],
    &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
];

/// The outline of a small circle around a point of the page.
pub fn circle((x, y): (f64, f64), radius: f64) -> [(f64, f64); 12] {
    CIRCLE.map(|(right, down)| (x + right * radius, y + down * radius))
}

impl Look {
    fn color(&self) -> RGBColor {
        self.color.map_or(style::INK, |at| style::PALETTE[at % style::PALETTE.len()])
    }

    /// How far marks and caps of error bars reach beyond a point.
    pub fn reach(&self) -> f64 {
        match (self.spread, self.marks) {
            (Spread::Bars, _) | (_, true) => style::CAP_REACH + style::ERROR_WIDTH,
            _ => 0.0,
        }
    }

    /// Draws the spread, which lies below all lines.
    pub fn draw_spread(&self, page: &Page<'_>, points: &[Placed]) -> Result<(), FigureError> {
        match self.spread {
            Spread::None => Ok(()),
            // An area needs two points.
            Spread::Band if points.len() > 1 => {
                let upper = points.iter().map(|point| (point.x, point.high));
                let lower = points.iter().rev().map(|point| (point.x, point.low));
                page.area(&upper.chain(lower).collect::<Vec<_>>(), self.color().mix(style::BAND_OPACITY))
            }
            _ => points.iter().try_for_each(|point| self.error_bar(page, point)),
        }
    }

    fn error_bar(&self, page: &Page<'_>, point: &Placed) -> Result<(), FigureError> {
        let Placed { x, low, high, .. } = *point;
        if low == high {
            return Ok(());
        }
        let line = |from, to| page.line(&[from, to], self.color(), style::ERROR_WIDTH);
        line((x, low), (x, high))?;
        for end in [low, high] {
            line((x - style::CAP_REACH, end), (x + style::CAP_REACH, end))?;
        }
        Ok(())
    }

    /// Draws the line and its marks.
    pub fn draw_line(&self, page: &Page<'_>, points: &[Placed]) -> Result<(), FigureError> {
        let path: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
        let color = self.color();
        match self.stroke {
            Stroke::Solid => page.line(&path, color, style::LINE_WIDTH)?,
            Stroke::Faint => page.line(&path, color.mix(style::FAINT_OPACITY), style::FAINT_WIDTH)?,
            Stroke::Dotted => {
                for piece in dash::dashes(&path, style::DOT, style::DOT_GAP) {
                    page.line(&piece, color, style::LINE_WIDTH)?;
                }
            }
        }
        // A line of one point would not show.
        if self.marks || path.len() == 1 {
            path.iter().try_for_each(|&at| self.mark(page, at))?;
        }
        Ok(())
    }

    /// Draws a piece of the line for a legend. Its only mark is in the middle; an
    /// error bar there would be too small to be told from the mark.
    pub fn draw_piece(&self, page: &Page<'_>, points: [Placed; 3]) -> Result<(), FigureError> {
        let bare = Look { marks: false, ..*self };
        if self.spread == Spread::Band {
            bare.draw_spread(page, &points)?;
        }
        bare.draw_line(page, &points)?;
        if self.marks { self.mark(page, (points[1].x, points[1].y)) } else { Ok(()) }
    }

    fn mark(&self, page: &Page<'_>, (x, y): (f64, f64)) -> Result<(), FigureError> {
        let shape = MARKS[self.color.unwrap_or(0) % MARKS.len()];
        let outline = |reach: f64| -> Vec<(f64, f64)> {
            shape.iter().map(|&(right, down)| (x + right * reach, y + down * reach)).collect()
        };
        page.area(&outline(style::MARK_REACH), self.color())?;
        match self.stroke {
            Stroke::Dotted => page.area(&outline(style::MARK_REACH * 0.55), style::PAPER),
            _ => Ok(()),
        }
    }
}
