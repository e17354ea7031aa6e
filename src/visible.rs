//! Text for people, of which nothing works unseen: names of files and classes may hold anything. For terminals, figures
//! and pages.
//!
//! In: any text. Out: the same, with an escape such as `\n` or `\u{1b}` for each character that would steer a terminal,
//! turn the direction of writing or not be seen at all.

use std::borrow::Cow;

/// One line: breaks are escaped too.
pub fn name(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen)
}

/// Text of several lines, which stay lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_unseen(c))
}

fn escaped(text: &str, is_meant: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_meant) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_meant(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown.into()
}

/// Controls, and Unicode's format characters and separators of lines. The joiners U+200C and U+200D are seen by what they
/// do: Persian and many emoji are written with them.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unseen_is_shown() {
        assert_eq!(name("a\nb\tc"), r"a\nb\tc");
        assert_eq!(name("\u{1b}[31mred\u{9b}\u{7f}"), r"\u{1b}[31mred\u{9b}\u{7f}");
        assert_eq!(name("cod\u{202e}gpj.exe\u{200b}\u{2066}"), r"cod\u{202e}gpj.exe\u{200b}\u{2066}");
        assert_eq!(lines("error: x\u{1b}\r\n  why\n"), "error: x\\u{1b}\\r\n  why\n");
        assert_eq!(lines("a\u{1b}[31m\u{202e}b\n🐈"), "a\\u{1b}[31m\\u{202e}b\n🐈");
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        for text in ["Käse", "Ka\u{308}se", "हिन्दी", "می\u{200c}خواهم", "猫　犬", "👩\u{200d}🔬", "c:\\data"]
        {
            assert!(matches!(name(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
