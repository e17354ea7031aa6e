//! From the SVG that a canvas gave to files: SVG with text comes in; SVG with
//! outlines, PNG and PDF go out. It must not know what the picture shows.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;

use super::raster::Placed;
use super::style::SVG_DPI;
use super::{FigureError, pdf, png, style, text};

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

/// Draws the SVG in all formats.
pub fn render(svg: &str) -> Result<Rendered, FigureError> {
    render_with(svg, &[])
}

/// Draws the SVG in all formats, with pictures lying on it.
pub fn render_with(svg: &str, pictures: &[Placed]) -> Result<Rendered, FigureError> {
    let tree = usvg::Tree::from_str(svg, &text::options())?;
    Ok(Rendered {
        svg: outlines(&tree, pictures)?,
        png: pixels(&tree, pictures)?,
        pdf: pdf::document(&tree, pictures)?,
    })
}

fn outlines(tree: &usvg::Tree, pictures: &[Placed]) -> Result<String, FigureError> {
    let mut svg = tree.to_string(&usvg::WriteOptions {
        preserve_text: false,
        // The coordinates are hundredths of a point already.
        coordinates_precision: 1,
        indent: usvg::Indent::None,
        attributes_indent: usvg::Indent::None,
        ..usvg::WriteOptions::default()
    });
    if !pictures.is_empty() {
        let end = svg.rfind("</svg>").unwrap_or(svg.len());
        let rest = svg.split_off(end);
        for picture in pictures {
            picture.write(&mut svg, f64::from(SVG_DPI) / 72.0)?;
        }
        svg += &rest;
    }
    Ok(svg)
}

fn pixels(tree: &usvg::Tree, pictures: &[Placed]) -> Result<Vec<u8>, FigureError> {
    let scale = style::PNG_DPI as f32 / SVG_DPI;
    let side = |length: f32| (length * scale).round() as u32;
    let size = (side(tree.size().width()), side(tree.size().height()));
    let mut pixels = Pixmap::new(size.0, size.1).ok_or(FigureError::PageSize)?;
    pixels.fill(Color::WHITE);
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    for picture in pictures {
        picture.paint(pixels.data_mut(), size.0 as usize);
    }
    Ok(png::encode(&png::opaque(pixels.data()), png::ColorType::Rgb, size, Some(style::PNG_DPI))?)
}
