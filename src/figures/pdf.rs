//! The PDF of a drawn page. A page and the pictures that lie on it come in; the file's bytes go out, the same ones for
//! the same page. It must not know what the picture shows.
//!
//! krilla writes the file: it embeds what is used of the font, reads no clock, and has no order that changes from run to
//! run. It is handed what a canvas draws and nothing else that an SVG may have: shapes in one colour, lines of text.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::{BitsPerComponent, CustomImage, Image, ImageColorspace};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use resvg::tiny_skia::PathSegment;
use resvg::usvg::{self, Node};

use super::raster::Placed;
use super::style::SVG_DPI;
use super::{FigureError, text};

/// The page as a document.
pub fn document(tree: &usvg::Tree, pictures: &[Placed]) -> Result<Vec<u8>, FigureError> {
    let font = Font::new(text::FONT.to_vec().into(), 0).ok_or(FigureError::Font)?;
    let points = 72.0 / SVG_DPI;
    let (width, height) = (tree.size().width() * points, tree.size().height() * points);

    let settings = SerializeSettings { xmp_metadata: false, enable_tagging: false, ..Default::default() };
    let mut document = Document::new_with(settings);
    let mut page = document.start_page_with(PageSettings::new(width, height));
    let mut surface = page.surface();
    surface.push_transform(&Transform::from_scale(points, points));
    draw(tree.root(), &font, &mut surface);
    surface.pop();
    for picture in pictures {
        place(picture, &mut surface)?;
    }
    surface.finish();
    page.finish();
    document.finish().map_err(FigureError::Pdf)
}

fn draw(group: &usvg::Group, font: &Font, surface: &mut Surface<'_>) {
    let usvg::Transform { sx, ky, kx, sy, tx, ty } = group.transform();
    surface.push_transform(&Transform::from_row(sx, ky, kx, sy, tx, ty));
    for node in group.children() {
        match node {
            Node::Group(inner) => draw(inner, font, surface),
            Node::Path(path) => shape(path, surface),
            Node::Text(text) => text.layouted().iter().for_each(|span| write(span, font, surface)),
            Node::Image(_) => {}
        }
    }
    surface.pop();
}

fn shape(path: &usvg::Path, surface: &mut Surface<'_>) {
    let mut outline = PathBuilder::new();
    for segment in path.data().segments() {
        match segment {
            PathSegment::MoveTo(to) => outline.move_to(to.x, to.y),
            PathSegment::LineTo(to) => outline.line_to(to.x, to.y),
            PathSegment::QuadTo(by, to) => outline.quad_to(by.x, by.y, to.x, to.y),
            PathSegment::CubicTo(by, and, to) => outline.cubic_to(by.x, by.y, and.x, and.y, to.x, to.y),
            PathSegment::Close => outline.close(),
        }
    }
    let Some(outline) = outline.finish() else { return };
    surface.set_fill(path.fill().map(filling));
    surface.set_stroke(path.stroke().map(|stroke| Stroke {
        paint: color(stroke.paint()).into(),
        opacity: opacity(stroke.opacity()),
        width: stroke.width().get(),
        line_join: LineJoin::Round,
        ..Stroke::default()
    }));
    surface.draw_path(&outline);
}

/// Writes a line of text with each glyph where the layout put it.
fn write(span: &usvg::layout::Span, font: &Font, surface: &mut Surface<'_>) {
    let size = span.font_size.get();
    let places: Vec<_> = span.positioned_glyphs.iter().map(|glyph| glyph.transform()).collect();
    let Some(start) = places.first() else { return };
    let mut text = String::new();
    let mut glyphs = Vec::new();
    for (at, glyph) in span.positioned_glyphs.iter().enumerate() {
        let from = text.len();
        text += &glyph.text;
        let advance = places.get(at + 1).map_or(0.0, |next| next.tx - places[at].tx) / size;
        let id = GlyphId::new(glyph.id.0.into());
        glyphs.push(KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, from..text.len(), None));
    }
    surface.set_fill(span.fill.as_ref().map(filling));
    surface.set_stroke(None);
    surface.draw_glyphs(Point::from_xy(start.tx, start.ty), &glyphs, font.clone(), &text, size, false);
}

fn filling(fill: &usvg::Fill) -> Fill {
    Fill { paint: color(fill.paint()).into(), opacity: opacity(fill.opacity()), ..Fill::default() }
}

fn color(paint: &usvg::Paint) -> rgb::Color {
    match paint {
        usvg::Paint::Color(color) => rgb::Color::new(color.red, color.green, color.blue),
        _ => rgb::Color::black(),
    }
}

fn opacity(opacity: usvg::Opacity) -> NormalizedF32 {
    // Both are from 0 to 1.
    NormalizedF32::new(opacity.get()).unwrap_or(NormalizedF32::ONE)
}

/// Lays a picture on the page, with square pixels in every viewer.
fn place(picture: &Placed, surface: &mut Surface<'_>) -> Result<(), FigureError> {
    let raster = picture.stored();
    let pixels = Pixels {
        colored: raster.channels == 3,
        size: (raster.width as u32, raster.height as u32),
        bytes: raster.interleaved(),
    };
    let smoothed = false;
    let image = Image::from_custom(pixels, smoothed).ok_or(FigureError::PageSize)?;
    let frame = picture.frame;
    let size = Size::from_wh(frame.width() as f32, frame.height() as f32).ok_or(FigureError::PageSize)?;
    surface.push_transform(&Transform::from_translate(frame.left as f32, frame.top as f32));
    surface.draw_image(image, size);
    surface.pop();
    Ok(())
}

/// A picture as krilla asks for it.
#[derive(Clone, Hash)]
struct Pixels {
    colored: bool,
    size: (u32, u32),
    /// One or three for each pixel.
    bytes: Vec<u8>,
}

impl CustomImage for Pixels {
    fn color_channel(&self) -> &[u8] {
        &self.bytes
    }

    fn alpha_channel(&self) -> Option<&[u8]> {
        None
    }

    fn bits_per_component(&self) -> BitsPerComponent {
        BitsPerComponent::Eight
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn icc_profile(&self) -> Option<&[u8]> {
        None
    }

    fn color_space(&self) -> ImageColorspace {
        if self.colored { ImageColorspace::Rgb } else { ImageColorspace::Luma }
    }
}
