//! An SVG file as a part of a page.
//!
//! In: the file's text, a prefix, words. Out: an `svg` element that scales, has ids of its own and says what it shows.
//! Must not know what that is.

use anyhow::Context;
use maud::{Markup, PreEscaped, html};

/// The element. Its ids, and whatever names them, get `prefix` before them.
///
/// # Errors
/// Text that is no SVG with a width and a height.
pub fn inline(svg: &str, prefix: &str, alt: &str) -> anyhow::Result<Markup> {
    let (open, rest) = opened(svg).context("it is no SVG")?;
    let (width, height) = size(svg).context("it has no width and height")?;
    let view = attribute(open, "viewBox").map_or(format!("0 0 {width} {height}"), String::from);
    // An element that ends at once has nothing in it.
    let content = if open.ends_with('/') { "</svg>" } else { rest };
    let content = content.rfind("</svg>").map_or(content, |end| &content[..end]);
    let content = prefixed(content, prefix);
    // The namespaces are HTML's own, so that the page names no address.
    Ok(html! {
        svg role="img" aria-label=(alt) width=(width) height=(height) viewBox=(view) { (PreEscaped(content)) }
    })
}

/// Width and height of an SVG file, in pixels.
pub fn size(svg: &str) -> Option<(f64, f64)> {
    let (open, _) = opened(svg)?;
    let length = |name: &str| {
        let value = attribute(open, name)?.trim_end_matches("px").parse::<f64>().ok()?;
        (value > 0.0).then_some(value)
    };
    length("width").zip(length("height"))
}

/// The opening tag without its `>`, and what follows.
fn opened(svg: &str) -> Option<(&str, &str)> {
    svg[svg.find("<svg")?..].split_once('>')
}

/// The value of an attribute of an opening tag.
fn attribute<'a>(open: &'a str, name: &str) -> Option<&'a str> {
    let after = open.split_once(&format!(" {name}=\""))?.1;
    Some(after.split_once('"')?.0)
}

/// `prefix` before each id, and before each name of one in `url(#...)` and `href="#..."`.
fn prefixed(content: &str, prefix: &str) -> String {
    const NAMES: [&str; 3] = [" id=\"", "url(#", "href=\"#"];
    let (mut out, mut rest) = (String::with_capacity(content.len()), content);
    let next = |text: &str| NAMES.iter().filter_map(|name| Some(text.find(name)? + name.len())).min();
    while let Some(end) = next(rest) {
        out.push_str(&rest[..end]);
        out.push_str(prefix);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_svg_scales_and_keeps_to_itself() {
        let file = concat!(
            r#"<?xml version="1.0"?><svg width="30" height="20" xmlns="http://www.w3.org/2000/svg">"#,
            r##"<clipPath id="a"><path d="M0 0"/></clipPath><g clip-path="url(#a)"/><use xlink:href="#b"/></svg>"##
        );
        let html = inline(file, "x-", "a < b").unwrap().into_string();
        let expected = concat!(
            r#"<svg role="img" aria-label="a &lt; b" width="30" height="20" viewBox="0 0 30 20">"#,
            r##"<clipPath id="x-a"><path d="M0 0"/></clipPath><g clip-path="url(#x-a)"/><use xlink:href="#x-b"/></svg>"##
        );
        assert_eq!(html, expected);
        let own = inline(r#"<svg width="3px" height="2" viewBox="0 0 9 6"/>"#, "", "").unwrap().into_string();
        assert!(own.contains(r#"viewBox="0 0 9 6""#) && own.ends_with("></svg>"), "{own}");
    }

    #[test]
    fn what_is_no_svg_is_refused() {
        for text in ["", "<p>", "<svg", "<svg>", r#"<svg width="0" height="2"></svg>"#] {
            assert!(inline(text, "", "").is_err(), "{text}");
        }
    }
}
