//! What plotters draws on. Shapes at whole coordinates come in; SVG elements go out. It must not
//! know what is drawn, nor how large the page is on paper.
//!
//! Plotters' own backend gives elements an opacity, which makes a layer of each in every format. A
//! line is one stroke and an area one filling, whose own opacity looks the same.

use std::convert::Infallible;
use std::fmt::{Arguments, Write as _};

use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};

/// The elements of a page, in the order in which they are drawn.
pub struct Elements<'a> {
    svg: &'a mut String,
    size: (u32, u32),
}

impl<'a> Elements<'a> {
    /// Appends to `svg` what is drawn on a page so wide and high.
    pub fn new(svg: &'a mut String, size: (u32, u32)) -> Self {
        Elements { svg, size }
    }

    fn push(&mut self, element: Arguments<'_>) -> Drawn {
        // Writing to a String cannot fail.
        let _ = writeln!(self.svg, "{element}");
        Ok(())
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Elements<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            return self.draw_path(corners, style);
        }
        let BackendColor { alpha, rgb: (red, green, blue) } = style.color();
        let (width, height) = (right - left, bottom - top);
        self.push(format_args!(
            "<rect fill=\"#{red:02X}{green:02X}{blue:02X}\" fill-opacity=\"{alpha}\" \
             x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
        ))
    }

    /// Joins are round: pointed ones would reach far beyond the points where a line turns sharply.
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let BackendColor { alpha, rgb: (red, green, blue) } = style.color();
        let (width, points) = (style.stroke_width(), listed(path));
        self.push(format_args!(
            "<polyline fill=\"none\" stroke=\"#{red:02X}{green:02X}{blue:02X}\" stroke-opacity=\"{alpha}\" \
             stroke-width=\"{width}\" stroke-linejoin=\"round\" points=\"{points}\"/>"
        ))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let BackendColor { alpha, rgb: (red, green, blue) } = style.color();
        let points = listed(corners);
        self.push(format_args!(
            "<polygon fill=\"#{red:02X}{green:02X}{blue:02X}\" fill-opacity=\"{alpha}\" points=\"{points}\"/>"
        ))
    }
}

/// Points as SVG lists them.
fn listed(points: impl IntoIterator<Item = BackendCoord>) -> String {
    points.into_iter().fold(String::new(), |mut list, (x, y)| {
        let space = if list.is_empty() { "" } else { " " };
        let _ = write!(list, "{space}{x},{y}");
        list
    })
}
