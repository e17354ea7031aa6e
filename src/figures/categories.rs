//! The labels below a bar chart. Class names and the room for each come in; the
//! way they are set (level, in lines, slanted, thinned out) and the room this
//! takes go out. It must not know the bars.

use super::canvas::{Frame, Page};
use super::text::{self, Anchor, Line, Turn};
use super::{FigureError, style};

const SIZE: f64 = style::TICK_SIZE;
const LINE: f64 = SIZE * style::LINE_HEIGHT;
const CAP: f64 = SIZE * style::CAP_HEIGHT;
const DESCENT: f64 = SIZE * style::DESCENT;
/// Least space between two level labels.
const SPACE: f64 = 3.0;
const MOST_LINES: usize = 2;
/// Longest label that is not level.
const LONGEST: f64 = 60.0;
/// Labels up to this width, mostly numbers, are thinned out rather than turned.
const SHORT: f64 = 18.0;
const SLANT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// How the labels of all categories are set.
pub struct CategoryLabels {
    labels: Vec<Vec<String>>,
    turn: Turn,
    /// Only one label in so many is shown.
    every: usize,
    /// Room below the axis, in points.
    pub height: f64,
    /// Room to the left of the middle of the first bar, in points.
    pub overhang: f64,
    /// Room to the right of the frame, in points.
    pub beyond: f64,
}

impl CategoryLabels {
    /// The best way to set the labels with `slot` points for each category.
    pub fn fit(categories: &[String], slot: f64) -> Result<Self, FigureError> {
        if let Some(level) = Self::level(categories, slot)? {
            return Ok(level);
        }
        let turn = if slot * SLANT > LINE * 0.9 { Turn::Slanted } else { Turn::Upright };
        let labels = categories
            .iter()
            .map(|label| text::shorten(label, SIZE, LONGEST))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut height, mut overhang) = (0.0_f64, 0.0_f64);
        for (at, label) in labels.iter().enumerate() {
            let width = text::width(label, SIZE)?;
            let (down, left) = match turn {
                Turn::Slanted => ((width + CAP + DESCENT) * SLANT, (width + CAP / 2.0) * SLANT),
                _ => (width, LINE / 2.0),
            };
            height = height.max(down);
            overhang = overhang.max(left - at as f64 * slot);
        }
        Ok(Self {
            labels: labels.into_iter().map(|label| vec![label]).collect(),
            turn,
            every: if turn == Turn::Slanted { 1 } else { round_up(LINE / slot) },
            height: height + style::TICK_GAP,
            overhang,
            beyond: 0.0,
        })
    }

    /// Level labels: in as few lines as will do, or some of them if all are short.
    fn level(categories: &[String], slot: f64) -> Result<Option<Self>, FigureError> {
        let mut widest = 0.0_f64;
        for label in categories {
            // Longer ones will not be level, and measuring takes time.
            let start: String = label.chars().take(MOST_LINES * 100).collect();
            widest = widest.max(text::width(&start, SIZE)?);
        }
        let every = if widest <= SHORT { round_up((widest + SPACE) / slot) } else { 1 };
        let room = slot * every as f64 - SPACE;
        let mut labels = Vec::new();
        for label in categories {
            match text::wrap(label, SIZE, room, MOST_LINES)? {
                Some(lines) => labels.push(lines),
                None => return Ok(None),
            }
        }
        let lines = labels.iter().map(Vec::len).max().unwrap_or(0).max(1) as f64;
        Ok(Some(Self {
            labels,
            turn: Turn::Level,
            every,
            height: style::TICK_GAP + CAP + (lines - 1.0) * LINE,
            overhang: 0.0,
            // Labels that are thinned out are wider than their places.
            beyond: ((widest.min(room) - slot) / 2.0).max(0.0),
        }))
    }

    /// Draws the labels below the frame.
    pub fn draw(&self, page: &mut Page<'_>, frame: Frame) {
        let slot = frame.width() / self.labels.len() as f64;
        let top = frame.bottom + style::TICK_GAP;
        for (at, lines) in self.labels.iter().enumerate().step_by(self.every) {
            let middle = frame.left + (at as f64 + 0.5) * slot;
            // The corner or edge that is next to the axis is below the bar.
            let (x, y, anchor) = match self.turn {
                Turn::Level => (middle, top + CAP, Anchor::Middle),
                Turn::Slanted => (middle + CAP * SLANT / 2.0, top + CAP * SLANT, Anchor::End),
                Turn::Upright => (middle + CAP / 2.0, top, Anchor::End),
            };
            for (line, text) in lines.iter().enumerate() {
                page.text(Line { text, size: SIZE, x, y: y + line as f64 * LINE, anchor, turn: self.turn });
            }
        }
    }
}

/// The next of 1, 2, 5, 10, 20, 50, and so on.
fn round_up(least: f64) -> usize {
    let mut decade = 1;
    loop {
        for step in [decade, 2 * decade, 5 * decade] {
            if step as f64 >= least || decade > 1_000_000 {
                return step;
            }
        }
        decade *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(labels: &[&str], slot: f64) -> CategoryLabels {
        let labels: Vec<String> = labels.iter().map(|&label| label.into()).collect();
        CategoryLabels::fit(&labels, slot).unwrap()
    }

    #[test]
    fn labels_are_level_if_they_fit_and_turned_if_not() {
        assert_eq!(fit(&["0", "1"], 20.0).turn, Turn::Level);
        let wrapped = fit(&["Ankle boot", "Bag"], 26.0);
        assert_eq!(wrapped.labels[0], ["Ankle", "boot"]);
        assert_eq!(fit(&["Pullover", "Bag"], 20.0).turn, Turn::Slanted);
        assert_eq!(fit(&["Pullover", "Bag"], 9.0).turn, Turn::Upright);
    }

    #[test]
    fn crowded_numbers_are_thinned_out() {
        let numbers: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let labels = CategoryLabels::fit(&numbers, 2.1).unwrap();
        assert_eq!((labels.turn, labels.every), (Turn::Level, 10));
    }
}
