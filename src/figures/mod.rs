//! Figures: numbers and labels come in, one picture as SVG, PNG and PDF goes
//! out. The same input gives the same bytes, since only the bundled font is
//! used and nothing reads a clock or the system.
//!
//! On the way through: `bars`, `lines`, `matrix`, `hexbin`, `gallery` or `listing` lays a figure out on a
//! `canvas`, which gives an SVG with text; `render` turns that into the three
//! formats, with the pictures of `raster` laid on it. `style` holds what all
//! figures share. Nothing here knows tables, files or experiments.

mod axis;
mod backend;
mod bars;
mod canvas;
mod categories;
mod chart;
mod dash;
mod gallery;
mod grid;
mod hexagons;
mod hexbin;
mod legend;
mod levels;
mod lines;
mod listing;
mod look;
mod matrix;
mod panels;
mod pdf;
mod png;
mod raster;
mod render;
mod shades;
mod spot;
mod style;
mod text;
mod ticks;

pub use axis::{Axis, Range};
pub use bars::{BarChart, Series, bar_chart};
pub use chart::{Key, Line, LineChart, Panel, Point};
pub use gallery::{Gallery, Row, Tile, gallery, legible};
pub use grid::columns;
pub use hexbin::{Hexbin, Spot, hexbin};
pub use levels::Levels;
pub use lines::line_chart;
pub use listing::{About, Entry, Group, Listing, listing};
pub use look::{Look, Spread, Stroke};
pub use matrix::{Matrix, matrix};
pub use raster::Raster;
pub use render::Rendered;
pub use ticks::thousands;

/// Lines and bars of more colours could not be told apart.
pub const MOST_COLOURS: usize = style::PALETTE.len();

/// The version of every op that draws: raised whenever a chart comes out with other bytes, or those that are cached would be
/// taken for the new ones.
pub const VERSION: u32 = 5;

/// Tests hold this digest of a chart's files to a constant. Whoever changes one raises [`VERSION`].
#[cfg(test)]
fn digest(drawn: &Rendered) -> String {
    let files = [drawn.svg.as_bytes(), &drawn.png, &drawn.pdf].concat();
    blake3::hash(&files).to_hex()[..16].to_string()
}

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// There is nothing to put on the x axis.
    #[error("the chart has no categories")]
    NoCategories,
    /// There is nothing to draw.
    #[error("the chart has no series")]
    NoSeries,
    /// More series than there are colours that readers can tell apart.
    #[error("the chart has {found} series, but at most {most} can be told apart")]
    TooManySeries { found: usize, most: usize },
    /// A list of values does not go with the list of categories.
    #[error("series '{series}' has {found} values of {what} for {expected} categories")]
    Length { series: String, what: &'static str, found: usize, expected: usize },
    /// A value is NaN, infinite or too large for an axis.
    #[error("series '{series}' has no finite {what} at '{category}'")]
    NotFinite { series: String, what: &'static str, category: String },
    /// Bars start at zero, and a deviation has no sign.
    #[error("series '{series}' has a negative {what} at '{category}'")]
    Negative { series: String, what: &'static str, category: String },
    /// There is no line with a point.
    #[error("the chart has no points")]
    NoPoints,
    /// A value is NaN, infinite or too large for an axis, or a deviation negative.
    #[error("panel '{panel}' cannot show {mean} ± {std} at {x}")]
    Point { panel: String, x: f64, mean: f64, std: f64 },
    /// A label holds a character that the bundled font lacks. Leaving it out
    /// in silence could make two labels equal.
    #[error("the font of the figures has no '{character}' (in '{label}')")]
    MissingGlyph { character: String, label: String },
    /// A picture has more or fewer bytes than its size says.
    #[error("a picture of {width}x{height} pixels has {found} bytes in {channels} channels")]
    Pixels { channels: usize, width: usize, height: usize, found: usize },
    /// Plotters failed.
    #[error("cannot draw the shapes of the figure")]
    Draw(#[from] plotters::drawing::DrawingAreaErrorKind<std::convert::Infallible>),
    /// The drawn SVG is not one, for example for a character that XML forbids.
    #[error("cannot lay out the drawn figure")]
    Svg(#[from] resvg::usvg::Error),
    /// The style gives a page that has no pixels.
    #[error("the page of the figure is empty or too large")]
    PageSize,
    /// A PNG failed.
    #[error("cannot make the PNG")]
    Png(#[from] ::png::EncodingError),
    /// The bundled font is damaged.
    #[error("cannot read the font of the figures")]
    Font,
    /// The PDF writer failed.
    #[error("cannot make the PDF: {0:?}")]
    Pdf(krilla::error::KrillaError),
}
