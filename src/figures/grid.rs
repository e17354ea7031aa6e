//! Frames of panels in rows and columns. Their number and the room that labels
//! take come in; the page and the frames go out. It must not know what is drawn.

use super::canvas::Frame;
use super::style::{self, Size};

/// Room in points around all panels and between them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Borders {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub across: f64,
    pub down: f64,
}

/// The panels of a figure, row by row.
pub struct Grid {
    pub page: Size,
    pub frames: Vec<Frame>,
    /// The places in the last row that no panel takes.
    pub free: Option<Frame>,
    columns: usize,
}

/// Height of a panel of a grid, as a part of its width and in points.
const ASPECT: f64 = 0.8;
const HEIGHTS: (f64, f64) = (48.0, 132.0);
/// Heights of pages are multiples of this, so that a PNG has whole pixels.
const WHOLE: f64 = 6.0;

impl Grid {
    /// One panel is as wide as a column of a paper, several go over both. Panels
    /// are `stretch` times as high as they usually are.
    pub fn new(panels: usize, columns: usize, borders: Borders, stretch: f64) -> Self {
        let rows = panels.div_ceil(columns);
        let taken = borders.top + borders.bottom + (rows - 1) as f64 * borders.down;
        let mut page = style::COLUMN;
        if panels > 1 {
            page.width = style::BOTH_COLUMNS;
        }
        let gaps = borders.left + borders.right + (columns - 1) as f64 * borders.across;
        let width = (page.width - gaps) / columns as f64;
        let usual =
            if panels > 1 { (width * ASPECT).clamp(HEIGHTS.0, HEIGHTS.1) } else { page.height - taken };
        page.height = ((taken + rows as f64 * usual * stretch) / WHOLE).ceil() * WHOLE;
        let height = (page.height - taken) / rows as f64;

        let frame = |at: usize| {
            let left = borders.left + (at % columns) as f64 * (width + borders.across);
            let top = borders.top + (at / columns) as f64 * (height + borders.down);
            Frame { left, top, right: left + width, bottom: top + height }
        };
        let free = (panels < rows * columns)
            .then(|| Frame { right: frame(rows * columns - 1).right, ..frame(panels) });
        Self { page, frames: (0..panels).map(frame).collect(), free, columns }
    }

    /// Whether the panel is the first of its row.
    pub fn is_left(&self, at: usize) -> bool {
        at.is_multiple_of(self.columns)
    }

    /// Whether no panel is below it.
    pub fn is_lowest(&self, at: usize) -> bool {
        at + self.columns >= self.frames.len()
    }

    /// The frame around all panels.
    pub fn all(&self) -> Option<Frame> {
        self.frames.iter().copied().reduce(|a, b| Frame {
            left: a.left.min(b.left),
            top: a.top.min(b.top),
            right: a.right.max(b.right),
            bottom: a.bottom.max(b.bottom),
        })
    }
}

/// A number of columns for panels of equal weight: as few rows as `most` columns
/// allow, and these as full as they can be.
pub fn columns(panels: usize, most: usize) -> usize {
    panels.div_ceil(panels.div_ceil(most).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_full_where_they_can_be() {
        assert_eq!([1, 3, 5, 6, 7, 10, 26].map(|panels| columns(panels, 5)), [1, 3, 5, 3, 4, 5, 5]);
    }

    #[test]
    fn a_lone_panel_has_a_column() {
        let page = |stretch| Grid::new(1, 1, Borders { top: 10.0, ..Borders::default() }, stretch).page;
        assert_eq!((page(1.0).width, page(1.0).height), (252.0, 192.0));
        assert!(page(1.5).height > 270.0);
    }

    #[test]
    fn panels_fill_the_page() {
        let borders = Borders { left: 30.0, right: 4.0, top: 12.0, bottom: 25.0, across: 8.0, down: 18.0 };
        let grid = Grid::new(7, 4, borders, 1.0);
        let (first, last) = (grid.frames[0], grid.frames[6]);
        assert_eq!((first.left, first.top), (30.0, 12.0));
        assert!(
            (grid.frames[3].right - 512.0).abs() < 1e-9
                && (last.bottom - grid.page.height + 25.0).abs() < 1e-9
        );
        assert_eq!(grid.page.height % 6.0, 0.0);
        let free = grid.free.unwrap();
        assert!((free.left - grid.frames[3].left).abs() < 1e-9 && free.top == last.top);
        let lowest: Vec<usize> = (0..7).filter(|&at| grid.is_lowest(at)).collect();
        assert_eq!(lowest, [3, 4, 5, 6]);
        assert!(grid.is_left(4) && !grid.is_left(5));
    }
}
