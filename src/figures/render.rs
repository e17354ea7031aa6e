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
    Ok(Rendered { svg: outlines(&tree), png: pixels(&tree)?, pdf: document(&tree)? })
}

fn document(tree: &usvg::Tree) -> Result<Vec<u8>, FigureError> {
    let page = svg2pdf::PageOptions { dpi: SVG_DPI };
    let mut pdf =
        svg2pdf::to_pdf(tree, svg2pdf::ConversionOptions::default(), page).map_err(FigureError::Pdf)?;
    sort_states(&mut pdf);
    Ok(pdf)
}

/// Puts the page's list of opacities in the order of their names. svg2pdf writes it
/// in the order of a hash map, which is another one in every run. The lines stay
/// where they were as a whole, so no offset in the file changes.
fn sort_states(pdf: &mut [u8]) {
    const HEAD: &[u8] = b"/ExtGState <<\n";
    let mut from = 0;
    while let Some(at) = find(&pdf[from..], HEAD) {
        let start = from + at + HEAD.len();
        let end = find(&pdf[start..], b">>").map_or(pdf.len(), |length| start + length);
        let mut lines: Vec<&[u8]> = pdf[start..end].split_inclusive(|&byte| byte == b'\n').collect();
        // The last one is the indentation of what ends the list.
        let entries = lines.len().saturating_sub(1);
        lines[..entries].sort_unstable();
        let sorted = lines.concat();
        pdf[start..end].copy_from_slice(&sorted);
        from = end;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
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
