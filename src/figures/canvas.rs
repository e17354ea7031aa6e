//! A page to draw on. Shapes, lines of text and the size of the page come in;
//! one SVG document, with text still as text, goes out. It must not know what
//! is drawn, nor the formats that the SVG will be turned into.
//!
//! Plotters draws the shapes, at whole coordinates, and `backend` writes them down.
//! The unit is a hundredth of a point, so that thin lines can have any width.

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::{Color, RGBColor};

use super::FigureError;
use super::backend::Elements;
use super::style::{self, Size};
use super::text::Line;

const UNITS: f64 = 100.0;

/// A rectangle on the page, in points from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// The page that is being drawn.
pub struct Page<'a> {
    root: DrawingArea<Elements<'a>, Shift>,
    texts: String,
}

/// Draws a page and gives its SVG. Text comes to lie above all shapes.
pub fn draw(
    size: Size,
    paint: impl FnOnce(&mut Page<'_>) -> Result<(), FigureError>,
) -> Result<String, FigureError> {
    let [width, height] = [size.width, size.height].map(|side| units(side).unsigned_abs());
    let mut shapes = String::new();
    let backend = Elements::new(&mut shapes, (width, height));
    let mut page = Page { root: backend.into_drawing_area(), texts: String::new() };
    page.root.fill(&style::PAPER)?;
    paint(&mut page)?;
    let texts = page.texts;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}pt\" height=\"{}pt\" \
         viewBox=\"0 0 {width} {height}\" xml:space=\"preserve\">\n{shapes}{texts}</svg>\n",
        size.width, size.height,
    ))
}

impl<'a> Page<'a> {
    pub fn text(&mut self, line: Line<'_>) {
        line.write(&mut self.texts, UNITS);
    }

    /// A filled rectangle without an outline.
    pub fn fill(&self, area: Frame, color: RGBColor) -> Result<(), FigureError> {
        let corners = [(units(area.left), units(area.top)), (units(area.right), units(area.bottom))];
        Ok(self.root.draw(&Rectangle::new(corners, color.filled()))?)
    }

    /// A line through all points of the page; its width is in points.
    pub fn line(&self, points: &[(f64, f64)], color: impl Color, width: f64) -> Result<(), FigureError> {
        let stroke = color.stroke_width(units(width).unsigned_abs());
        Ok(self.root.draw(&PathElement::new(whole(points), stroke))?)
    }

    /// A filled area without an outline, between points of the page.
    pub fn area(&self, points: &[(f64, f64)], color: impl Color) -> Result<(), FigureError> {
        Ok(self.root.draw(&Polygon::new(whole(points), color.filled()))?)
    }

    /// A plot in `frame`, where `x` and `y` start at zero and end as given.
    pub fn plot(&self, frame: Frame, x_end: f64, y_end: f64) -> Plot<'a> {
        let across = units(frame.left)..units(frame.right);
        let up = units(frame.bottom)..units(frame.top);
        let ranges = Cartesian2d::new(0.0..x_end, 0.0..y_end, (across, up));
        Plot(self.root.clone().apply_coord_spec(ranges))
    }
}

/// A part of the page where positions are values of the data.
pub struct Plot<'a>(DrawingArea<Elements<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>);

impl Plot<'_> {
    /// A filled rectangle between two opposite corners.
    pub fn fill(&self, corners: [(f64, f64); 2], color: RGBColor) -> Result<(), FigureError> {
        Ok(self.0.draw(&Rectangle::new(corners, color.filled()))?)
    }

    /// A line through all points; its width is in points.
    pub fn line(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Result<(), FigureError> {
        let stroke = color.stroke_width(units(width).unsigned_abs());
        Ok(self.0.draw(&PathElement::new(points, stroke))?)
    }
}

fn whole(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (units(x), units(y))).collect()
}

/// Points as the whole units of the SVG.
fn units(points: f64) -> i32 {
    (points * UNITS).round() as i32
}
