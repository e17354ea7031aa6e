//! Text in the bundled font. Strings and type sizes come in; widths, lines that
//! fit and SVG text elements go out. It must not know what a text is for.
//!
//! Widths are measured with the layout engine that also draws the text, so a
//! label is as wide on the page as it was when room was made for it. Plotters
//! can only guess widths without a system font, and turns text by right angles
//! alone, so it draws no text here.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use resvg::usvg::{self, fontdb};

use super::{FigureError, style};

/// The bundled font, as a TrueType file.
pub const FONT: &[u8] = include_bytes!("assets/Inter-Regular-subset.ttf");

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    Arc::new(fonts)
});

/// Labels longer than this are cut before they are measured.
const MOST_CHARACTERS: usize = 200;

/// How a text stands on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    Level,
    /// Rising by 45 degrees.
    Slanted,
    /// Rising straight up.
    Upright,
}

/// Which part of a text is at its position.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text; `x` and `y`, in points, are on its base line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub text: &'a str,
    pub size: f64,
    pub x: f64,
    pub y: f64,
    pub anchor: Anchor,
    pub turn: Turn,
}

impl Line<'_> {
    /// Appends this line as an SVG element, in units of `1 / units` points.
    pub fn write(&self, svg: &mut String, units: f64) {
        // Written out, since sines may differ in the last bit between machines.
        let turn = match self.turn {
            Turn::Level => "1 0 0 1",
            Turn::Slanted => "0.70710678 -0.70710678 0.70710678 0.70710678",
            Turn::Upright => "0 -1 1 0",
        };
        let anchor = match self.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let [size, x, y] = [self.size, self.x, self.y].map(|v| (v * units).round());
        let text = escape(self.text);
        let color = style::INK;
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<text transform=\"matrix({turn} {x} {y})\" font-family=\"{}\" font-size=\"{size}\" \
             text-anchor=\"{anchor}\" fill=\"#{:02X}{:02X}{:02X}\">{text}</text>",
            style::FONT_FAMILY,
            color.0,
            color.1,
            color.2,
        );
    }
}

/// What reads an SVG: the bundled font and no other, 96 units to the inch.
pub fn options() -> usvg::Options<'static> {
    usvg::Options {
        dpi: 96.0,
        font_family: style::FONT_FAMILY.into(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    }
}

/// The width of a text in points. An error if the font lacks a character.
pub fn width(text: &str, size: f64) -> Result<f64, FigureError> {
    const MEASURED: f64 = 100.0;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\" xml:space=\"preserve\">",
    );
    let line = Line { text, size: MEASURED, x: 0.0, y: 0.0, anchor: Anchor::Start, turn: Turn::Level };
    line.write(&mut svg, 1.0);
    svg.push_str("</svg>");
    let tree = usvg::Tree::from_str(&svg, &options())?;
    let mut width = 0.0;
    find_text(tree.root(), &mut |found| {
        width += f64::from(found.bounding_box().width());
        for glyph in found.layouted().iter().flat_map(|s| &s.positioned_glyphs) {
            if glyph.id.0 == 0 {
                return Err(FigureError::MissingGlyph { character: glyph.text.clone(), label: text.into() });
            }
        }
        Ok(())
    })?;
    Ok(width / MEASURED * size)
}

fn find_text(
    group: &usvg::Group,
    visit: &mut impl FnMut(&usvg::Text) -> Result<(), FigureError>,
) -> Result<(), FigureError> {
    group.children().iter().try_for_each(|node| match node {
        usvg::Node::Group(inner) => find_text(inner, visit),
        usvg::Node::Text(text) => visit(text),
        _ => Ok(()),
    })
}

/// One line of the text, cut with an ellipsis if it is wider than `room`.
pub fn shorten(text: &str, size: f64, room: f64) -> Result<String, FigureError> {
    let clean = clean(text);
    if clean.chars().count() <= MOST_CHARACTERS && width(&clean, size)? <= room {
        return Ok(clean);
    }
    let mut kept: Vec<char> = clean.chars().take(MOST_CHARACTERS).collect();
    while kept.pop().is_some() {
        let cut = String::from_iter(&kept).trim_end().to_owned() + "…";
        if width(&cut, size)? <= room {
            return Ok(cut);
        }
    }
    Ok("…".into())
}

/// As [`shorten`], but cut in the middle, which keeps texts apart that begin alike.
pub fn shorten_middle(text: &str, size: f64, room: f64) -> Result<String, FigureError> {
    let kept: Vec<char> = clean(text).chars().collect();
    let mut sides = (kept.len().min(MOST_CHARACTERS) / 2, kept.len().min(MOST_CHARACTERS).div_ceil(2));
    if kept.len() <= MOST_CHARACTERS && width(&clean(text), size)? <= room {
        return Ok(clean(text));
    }
    while sides.1 > 0 {
        let (start, end) =
            (String::from_iter(&kept[..sides.0]), String::from_iter(&kept[kept.len() - sides.1..]));
        let cut = format!("{}…{}", start.trim_end(), end.trim_start());
        if width(&cut, size)? <= room {
            return Ok(cut);
        }
        if sides.0 >= sides.1 { sides.0 -= 1 } else { sides.1 -= 1 }
    }
    Ok("…".into())
}

/// The text broken after spaces and slashes into lines no wider than `room`,
/// or nothing if it takes more than `most` lines or a single word is too wide.
pub fn wrap(text: &str, size: f64, room: f64, most: usize) -> Result<Option<Vec<String>>, FigureError> {
    let mut lines: Vec<String> = Vec::new();
    for word in clean(text).split_inclusive([' ', '/']) {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line}{word}");
            if width(longer.trim_end(), size)? <= room {
                *line = longer;
                continue;
            }
        }
        if lines.len() == most || width(word.trim_end(), size)? > room {
            return Ok(None);
        }
        lines.push(word.to_owned());
    }
    Ok(Some(lines.iter().map(|line| line.trim_end().into()).collect()))
}

/// The middle of a text: `ideal`, or as near to it as the page's `end`, in points, allows.
pub fn centred(text: &str, size: f64, ideal: f64, end: f64) -> Result<f64, FigureError> {
    let half = width(text, size)? / 2.0 + style::MARGIN;
    Ok(ideal.min(end - half).max(half))
}

/// Control characters, which SVG cannot hold, and runs of spaces become one space.
fn clean(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        let one = width("0", 10.0).unwrap();
        assert!((5.0..8.0).contains(&one), "{one}");
        assert!((width("00", 10.0).unwrap() - 2.0 * one).abs() < 0.2);
        assert_eq!(width("", 10.0).unwrap(), 0.0);
        assert!(width("a & <b>", 10.0).unwrap() > 4.0 * one);
    }

    #[test]
    fn a_character_without_a_glyph_is_named() {
        let error = width("class お", 7.0).unwrap_err();
        assert!(
            matches!(&error, FigureError::MissingGlyph { character, .. } if character == "お"),
            "{error}"
        );
    }

    #[test]
    fn words_wrap_and_long_texts_are_cut() {
        let lines = wrap("T-shirt/top", 7.0, 28.0, 2).unwrap().unwrap();
        assert_eq!(lines, ["T-shirt/", "top"]);
        assert_eq!(wrap("Pullover", 7.0, 20.0, 2).unwrap(), None);
        let cut = shorten(&"long ".repeat(100), 7.0, 50.0).unwrap();
        assert!(cut.ends_with('…') && width(&cut, 7.0).unwrap() <= 50.0);
        let cut = shorten_middle("stripes of kind 27", 7.0, 36.0).unwrap();
        assert!(cut.starts_with("st") && cut.ends_with("27") && width(&cut, 7.0).unwrap() <= 36.0, "{cut}");
        assert_eq!(shorten_middle("Ankle boot", 7.0, 50.0).unwrap(), "Ankle boot");
        assert_eq!(shorten_middle("Ankle boot", 7.0, 1.0).unwrap(), "…");
    }
}
