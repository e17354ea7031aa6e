//! The PDF of a drawn page. A page and the pictures that lie on it come in; the file's bytes go out, the same ones for
//! the same page. It must not know what the picture shows.

use std::collections::HashMap;

use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref};
use resvg::usvg;
use svg2pdf::{ConversionOptions, PageOptions};

use super::FigureError;
use super::raster::Placed;
use super::style::SVG_DPI;

/// The page as a document.
pub fn document(tree: &usvg::Tree, pictures: &[Placed]) -> Result<Vec<u8>, FigureError> {
    let mut pdf = match pictures {
        [] => {
            let page = PageOptions { dpi: SVG_DPI };
            svg2pdf::to_pdf(tree, ConversionOptions::default(), page).map_err(FigureError::Pdf)?
        }
        _ => with_pictures(tree, pictures)?,
    };
    sort_states(&mut pdf);
    Ok(pdf)
}

/// The page with pictures on it: svg2pdf is built without raster images.
fn with_pictures(tree: &usvg::Tree, pictures: &[Placed]) -> Result<Vec<u8>, FigureError> {
    let points = 72.0 / SVG_DPI;
    let (width, height) = (tree.size().width() * points, tree.size().height() * points);
    let mut next = Ref::new(1);
    let [catalog, pages, page, content] = [(); 4].map(|()| next.bump());
    let (drawing, root) = svg2pdf::to_chunk(tree, ConversionOptions::default()).map_err(FigureError::Pdf)?;
    let mut numbers = HashMap::new();
    let drawing = drawing.renumber(|old| *numbers.entry(old).or_insert_with(|| next.bump()));
    let root = numbers.get(&root).copied().unwrap_or(root);
    let images: Vec<Ref> = pictures.iter().map(|_| next.bump()).collect();
    let name = |at: usize| format!("P{at}");

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut described = pdf.page(page);
    described.media_box(Rect::new(0.0, 0.0, width, height));
    described.parent(pages);
    described.contents(content);
    let mut resources = described.resources();
    let mut objects = resources.x_objects();
    objects.pair(Name(b"D"), root);
    for (at, image) in images.iter().enumerate() {
        objects.pair(Name(name(at).as_bytes()), *image);
    }
    objects.finish();
    resources.finish();
    described.finish();

    let mut drawn = Content::new();
    drawn.save_state().transform([width, 0.0, 0.0, height, 0.0, 0.0]).x_object(Name(b"D")).restore_state();
    for (at, picture) in pictures.iter().enumerate() {
        // A PDF counts from the foot of the page.
        let [left, bottom] = [picture.frame.left, picture.frame.bottom].map(|points| points as f32);
        let [across, up] = [picture.frame.width(), picture.frame.height()].map(|points| points as f32);
        drawn.save_state().transform([across, 0.0, 0.0, up, left, height - bottom]);
        drawn.x_object(Name(name(at).as_bytes())).restore_state();
    }
    pdf.stream(content, &drawn.finish());
    for (picture, image) in pictures.iter().zip(images) {
        let (raster, packed) = picture.packed()?;
        let mut image = pdf.image_xobject(image, &packed);
        image.filter(Filter::FlateDecode);
        image.width(raster.width as i32).height(raster.height as i32);
        image.bits_per_component(8).interpolate(false);
        match raster.channels {
            3 => image.color_space().device_rgb(),
            _ => image.color_space().device_gray(),
        }
    }
    pdf.extend(&drawing);
    Ok(pdf.finish())
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
