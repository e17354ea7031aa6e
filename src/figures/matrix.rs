//! A table of numbers whose cells are shaded by them, such as how well each score finds each kind of noise. Names and
//! numbers come in; a finished figure goes out. It must not know what the numbers mean.

use plotters::style::RGBColor;

use super::FigureError;
use super::canvas::{self, Frame, Page};
use super::render::{self, Rendered};
use super::style::{self, Size};
use super::text::{self, Anchor, Line, Turn};

/// Rows of cells. Neighbouring columns of one group stand below its name.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub title: String,
    pub rows: Vec<String>,
    /// Group and name of each.
    pub columns: Vec<(String, String)>,
    /// The cells of each row, one per column: a number from 0 to 1, or none for an empty cell.
    pub values: Vec<Vec<Option<f64>>>,
}

const CELL: f64 = style::TICK_SIZE;
/// Height of a row.
const ROW: f64 = 12.0;
/// Between groups of columns.
const GROUP_GAP: f64 = 4.0;
/// The widest that a column gets.
const WIDEST: f64 = 46.0;
/// Heights of pages are multiples of this, so that a PNG has whole pixels.
const WHOLE: f64 = 6.0;
/// How much of the colour a cell of 1 has: text stays readable on it.
const STRONGEST: f64 = 0.6;

/// Draws the matrix, as wide as both columns of a paper.
///
/// # Errors
/// There are no rows or no columns, a row has more or fewer cells than there are columns, or a number is outside of 0 to 1.
pub fn matrix(matrix: &Matrix) -> Result<Rendered, FigureError> {
    if matrix.rows.is_empty() || matrix.columns.is_empty() {
        return Err(FigureError::NoCategories);
    }
    for (name, values) in matrix.rows.iter().zip(&matrix.values) {
        if values.len() != matrix.columns.len() {
            let (found, expected) = (values.len(), matrix.columns.len());
            return Err(FigureError::Length { series: name.clone(), what: "number", found, expected });
        }
        let is_off =
            |(value, _): &(&Option<f64>, _)| value.is_some_and(|value| !(0.0..=1.0).contains(&value));
        if let Some((_, (_, category))) = values.iter().zip(&matrix.columns).find(is_off) {
            let category = category.clone();
            return Err(FigureError::NotFinite { series: name.clone(), what: "number", category });
        }
    }
    let layout = Layout::of(matrix)?;
    let svg = canvas::draw(layout.page, |page| layout.draw(page, matrix))?;
    render::render(&svg)
}

struct Layout {
    page: Size,
    /// Where the names of groups, those of columns and the first row begin.
    heads: [f64; 3],
    /// The left edge of each column, and their width.
    lefts: Vec<f64>,
    width: f64,
    /// Decimals of each number: three, or two where those of neighbours would touch.
    digits: usize,
}

impl Layout {
    fn of(matrix: &Matrix) -> Result<Self, FigureError> {
        let mut names = 0.0_f64;
        for row in &matrix.rows {
            names = names.max(text::width(row, CELL)?);
        }
        let first = style::MARGIN + names + style::TICK_GAP;
        let groups = matrix.columns.chunk_by(|a, b| a.0 == b.0).count();
        let room = style::BOTH_COLUMNS - style::MARGIN - first - (groups - 1) as f64 * GROUP_GAP;
        let width = (room / matrix.columns.len() as f64).min(WIDEST);
        let mut lefts = Vec::with_capacity(matrix.columns.len());
        let mut left = first;
        for group in matrix.columns.chunk_by(|a, b| a.0 == b.0) {
            for _ in group {
                lefts.push(left);
                left += width;
            }
            left += GROUP_GAP;
        }
        let title = if matrix.title.is_empty() { 0.0 } else { style::TITLE_SIZE * style::LINE_HEIGHT };
        let top = style::MARGIN + title + style::LABEL_GAP;
        let line = CELL * style::LINE_HEIGHT;
        let heads = [top, top + line, top + 2.0 * line + 1.0];
        let height = heads[2] + matrix.rows.len() as f64 * ROW + style::MARGIN;
        let page = Size { width: style::BOTH_COLUMNS, height: (height / WHOLE).ceil() * WHOLE };
        let wide = text::width("0.000 ", CELL)?;
        Ok(Layout { page, heads, lefts, width, digits: if wide > width { 2 } else { 3 } })
    }

    fn draw(&self, page: &mut Page<'_>, matrix: &Matrix) -> Result<(), FigureError> {
        let title = text::shorten(&matrix.title, style::TITLE_SIZE, self.page.width - 2.0 * style::MARGIN)?;
        let at = (style::MARGIN, style::MARGIN + style::TITLE_SIZE * style::CAP_HEIGHT);
        write(page, &title, style::TITLE_SIZE, at, Anchor::Start);
        let below = |top: f64| top + CELL * style::CAP_HEIGHT;
        let mut column = 0;
        for group in matrix.columns.chunk_by(|a, b| a.0 == b.0) {
            let width = group.len() as f64 * self.width;
            let name = text::shorten(&group[0].0, CELL, width)?;
            let middle = self.lefts[column] + width / 2.0;
            write(page, &name, CELL, (middle, below(self.heads[0])), Anchor::Middle);
            for (_, name) in group {
                let name = text::shorten(name, CELL, self.width)?;
                let middle = self.lefts[column] + self.width / 2.0;
                write(page, &name, CELL, (middle, below(self.heads[1])), Anchor::Middle);
                column += 1;
            }
        }
        for (row, (name, values)) in matrix.rows.iter().zip(&matrix.values).enumerate() {
            let top = self.heads[2] + row as f64 * ROW;
            let base = top + (ROW + CELL * style::CAP_HEIGHT) / 2.0;
            write(page, name, CELL, (self.lefts[0] - style::TICK_GAP, base), Anchor::End);
            for (left, value) in self.lefts.iter().zip(values) {
                let Some(value) = value else { continue };
                let frame = Frame { left: *left, top, right: left + self.width, bottom: top + ROW };
                page.fill(frame, shade(*value))?;
                let middle = left + self.width / 2.0;
                let digits = self.digits;
                write(page, &format!("{value:.digits$}"), CELL, (middle, base), Anchor::Middle);
            }
        }
        Ok(())
    }
}

/// From paper for 0 to the strongest colour for 1.
fn shade(value: f64) -> RGBColor {
    let RGBColor(red, green, blue) = style::PALETTE[0];
    let part = |part: u8| 255 - (f64::from(255 - part) * STRONGEST * value).round() as u8;
    RGBColor(part(red), part(green), part(blue))
}

fn write(page: &mut Page<'_>, text: &str, size: f64, (x, y): (f64, f64), anchor: Anchor) {
    page.text(Line { text, size, x, y, anchor, turn: Turn::Level });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Matrix {
        let columns = [("uniform", "5 %"), ("uniform", "10 %"), ("nearest", "5 %")];
        Matrix {
            title: "Average precision, MNIST".into(),
            rows: vec!["consensus".into(), "aum".into()],
            columns: columns.map(|(group, name)| (group.to_string(), name.to_string())).into(),
            values: vec![vec![Some(1.0), Some(0.5), None], vec![Some(0.0), Some(0.25), Some(0.75)]],
        }
    }

    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        assert_eq!(super::super::digest(&matrix(&small()).unwrap()), "f2947e6d33944122");
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let off = Matrix { values: vec![vec![Some(1.5), None, None], vec![None; 3]], ..small() };
        let said = matrix(&off).unwrap_err().to_string();
        assert!(said.contains("consensus") && said.contains("5 %"), "{said}");
        let short = Matrix { values: vec![vec![None; 2], vec![None; 3]], ..small() };
        assert!(matches!(matrix(&short), Err(FigureError::Length { found: 2, expected: 3, .. })));
        assert!(matches!(matrix(&Matrix { rows: vec![], ..small() }), Err(FigureError::NoCategories)));
    }
}
