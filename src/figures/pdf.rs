//! The PDF of a drawn page. A page and the pictures that lie on it come in; the file's bytes go out, the same ones for
//! the same page. It must not know what the picture shows.
//!
//! svg2pdf writes the page. It is built without raster images, so pictures are appended as an update of the file, which
//! the format provides for: new objects, a new version of the page that shows them, and where all these are.

use resvg::usvg;
use svg2pdf::{ConversionOptions, PageOptions};

use super::FigureError;
use super::raster::Placed;
use super::style::SVG_DPI;

/// The page as a document.
pub fn document(tree: &usvg::Tree, pictures: &[Placed]) -> Result<Vec<u8>, FigureError> {
    let page = PageOptions { dpi: SVG_DPI };
    let mut pdf = svg2pdf::to_pdf(tree, ConversionOptions::default(), page).map_err(FigureError::Pdf)?;
    sort_states(&mut pdf);
    if !pictures.is_empty() {
        let height = f64::from(tree.size().height()) * 72.0 / f64::from(SVG_DPI);
        append(&mut pdf, pictures, height)?;
    }
    Ok(pdf)
}

/// Appends pictures to a document of one page, so high in points.
fn append(pdf: &mut Vec<u8>, pictures: &[Placed], height: f64) -> Result<(), FigureError> {
    let last = Trailer::read(pdf).ok_or(FigureError::PdfShape)?;
    let page = Page::read(pdf).ok_or(FigureError::PdfShape)?;
    let content = last.size;
    let images = content + 1..content + 1 + pictures.len();

    let mut drawn = String::new();
    for (image, picture) in images.clone().zip(pictures) {
        let frame = picture.frame;
        // A PDF counts from the foot of the page.
        let (width, up, y) = (frame.width(), frame.height(), height - frame.bottom);
        drawn += &format!("q {width:.3} 0 0 {up:.3} {:.3} {y:.3} cm /P{image} Do Q\n", frame.left);
    }
    let mut update = Update::default();
    let names: String = images.clone().map(|image| format!("/P{image} {image} 0 R ")).collect();
    update.object(pdf, page.number, &page.showing(&names, content).ok_or(FigureError::PdfShape)?);
    update.stream(pdf, content, "", drawn.as_bytes());
    for (image, picture) in images.zip(pictures) {
        let (raster, packed) = picture.packed()?;
        let colours = if raster.channels == 3 { "RGB" } else { "Gray" };
        let what = format!(
            "/Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /Device{colours} /BitsPerComponent 8 \
             /Interpolate false /Filter /FlateDecode ",
            raster.width, raster.height,
        );
        update.stream(pdf, image, &what, &packed);
    }
    update.finish(pdf, &last);
    Ok(())
}

/// The only page, as svg2pdf writes it.
struct Page {
    number: usize,
    /// What stands between `obj` and `endobj`.
    body: String,
}

impl Page {
    fn read(pdf: &[u8]) -> Option<Page> {
        const HEAD: &[u8] = b" 0 obj\n<<\n  /Type /Page\n";
        let at = find(pdf, HEAD)?;
        let digits = pdf[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&pdf[at - digits..at]).ok()?.parse().ok()?;
        let body = &pdf[at + b" 0 obj\n".len()..];
        let body = String::from_utf8(body[..find(body, b"endobj")?].to_vec()).ok()?;
        Some(Page { number, body })
    }

    /// The page with the stream `content` drawn on it, and more pictures that this may name.
    fn showing(&self, names: &str, content: usize) -> Option<String> {
        let (before, after) = self.body.split_once("/Contents ")?;
        let (own, after) = after.split_once('\n')?;
        let body = format!("{before}/Contents [{own} {content} 0 R]\n{after}");
        let list = if body.contains("/XObject <<") { "/XObject <<" } else { "/Resources <<" };
        let (before, after) = body.split_once(list)?;
        Some(match list {
            "/XObject <<" => format!("{before}{list} {names}{after}"),
            _ => format!("{before}{list} /XObject << {names}>>{after}"),
        })
    }
}

/// What the end of a file says of it.
struct Trailer {
    /// Numbers of objects that are taken.
    size: usize,
    /// `/Root 2 0 R` and `/Info 11 0 R`.
    refers: String,
    /// Where its table of objects begins.
    table: usize,
}

impl Trailer {
    fn read(pdf: &[u8]) -> Option<Trailer> {
        let at = pdf.windows(7).rposition(|part| part == b"trailer")?;
        let text = std::str::from_utf8(&pdf[at..]).ok()?;
        let line = |key: &str| text.lines().map(str::trim).find(|line| line.starts_with(key));
        let size = line("/Size ")?.strip_prefix("/Size ")?.parse().ok()?;
        let table = text.split_once("startxref")?.1.split_whitespace().next()?.parse().ok()?;
        Some(Trailer { size, refers: format!("{} {}", line("/Root ")?, line("/Info ")?), table })
    }
}

/// The objects of an update, with their places in the file.
#[derive(Default)]
struct Update(Vec<(usize, usize)>);

impl Update {
    fn object(&mut self, pdf: &mut Vec<u8>, number: usize, body: &str) {
        self.begin(pdf, number);
        pdf.extend(format!("{body}endobj\n").into_bytes());
    }

    fn stream(&mut self, pdf: &mut Vec<u8>, number: usize, what: &str, bytes: &[u8]) {
        self.begin(pdf, number);
        pdf.extend(format!("<< {what}/Length {} >>\nstream\n", bytes.len()).into_bytes());
        pdf.extend(bytes);
        pdf.extend(b"\nendstream\nendobj\n");
    }

    fn begin(&mut self, pdf: &mut Vec<u8>, number: usize) {
        pdf.push(b'\n');
        self.0.push((number, pdf.len()));
        pdf.extend(format!("{number} 0 obj\n").into_bytes());
    }

    fn finish(self, pdf: &mut Vec<u8>, last: &Trailer) {
        let table = pdf.len() + 1;
        let mut text = String::from("\nxref\n");
        for (number, place) in &self.0 {
            text += &format!("{number} 1\n{place:010} 00000 n \n");
        }
        let size = self.0.iter().map(|(number, _)| number + 1).max().unwrap_or(0).max(last.size);
        text += &format!("trailer\n<< /Size {size} {} /Prev {} >>\n", last.refers, last.table);
        text += &format!("startxref\n{table}\n%%EOF\n");
        pdf.extend(text.into_bytes());
    }
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
