//! From the SVG that a canvas gave to files: SVG with text comes in; SVG with
//! outlines, PNG and PDF go out. It must not know what the picture shows.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;

use super::{FigureError, png, style, text};

/// One figure in the three formats.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Text is outlines, so every viewer shows the same picture.
    pub svg: String,
    /// Opaque, at 300 dots per inch, and saying so.
    pub png: Vec<u8>,
    /// Text is text in an embedded font, which can be searched and copied.
    pub pdf: Vec<u8>,
}

/// Units per inch of an SVG without units of length.
const SVG_DPI: f32 = 96.0;

/// Draws the SVG in all formats.
pub fn render(svg: &str) -> Result<Rendered, FigureError> {
    let tree = usvg::Tree::from_str(svg, &text::options())?;
    let pdf =
        svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), svg2pdf::PageOptions { dpi: SVG_DPI })
            .map_err(FigureError::Pdf)?;
    Ok(Rendered { svg: outlines(&tree), png: pixels(&tree)?, pdf })
}

fn outlines(tree: &usvg::Tree) -> String {
    tree.to_string(&usvg::WriteOptions {
        preserve_text: false,
        // The coordinates are hundredths of a point already.
        coordinates_precision: 1,
        indent: usvg::Indent::None,
        attributes_indent: usvg::Indent::None,
        ..usvg::WriteOptions::default()
    })
}

fn pixels(tree: &usvg::Tree) -> Result<Vec<u8>, FigureError> {
    let scale = style::PNG_DPI as f32 / SVG_DPI;
    let side = |length: f32| (length * scale).round() as u32;
    let size = (side(tree.size().width()), side(tree.size().height()));
    let mut pixels = Pixmap::new(size.0, size.1).ok_or(FigureError::PageSize)?;
    pixels.fill(Color::WHITE);
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    png::encode(pixels.data(), size, style::PNG_DPI)
}
