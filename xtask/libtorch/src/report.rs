//! What a person reads: one line per step, and errors as what, why and `hint:`.
//! In come messages and errors, out go lines on stderr; stdout stays hspipe's.
//! It must not know what the steps do.

use std::fmt;
use std::time::Duration;

/// An error's first line together with what to do about it. Made with
/// `.context(Hint::new(..))`, or as an error of its own with `Hint::error`.
#[derive(Debug)]
pub struct Hint {
    what: String,
    hint: String,
}

impl Hint {
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), hint.into());
        Self { what, hint }
    }

    /// An error of three parts that has no deeper cause.
    pub fn error(what: impl Into<String>, why: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        anyhow::Error::msg(why.into()).context(Self::new(what, hint))
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Hint {}

/// Says that a step of the set-up was done or begins.
pub fn step(message: impl fmt::Display) {
    eprintln!("libtorch {}: {message}", crate::source::VERSION);
}

/// Says why the work stops.
pub fn error(error: &anyhow::Error) {
    eprintln!("{}", render(error));
}

fn render(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    let why: Vec<String> = error.chain().skip(1).map(one_line).collect();
    if !why.is_empty() {
        text.push_str(&format!("\n  why: {}", why.join(": ")));
    }
    if let Some(hint) = error.downcast_ref::<Hint>() {
        text.push_str(&format!("\nhint: {}", hint.hint));
    }
    text
}

fn one_line(error: impl ToString) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A size in the unit that download pages use: 1 MB is a million bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// A duration in seconds, short ones with a decimal.
pub fn seconds(time: Duration) -> String {
    let digits = usize::from(time < Duration::from_secs(10));
    format!("{:.digits$} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let inner = std::io::Error::other("no space\nleft");
        let error = anyhow::Error::new(inner)
            .context("cannot write /x")
            .context(Hint::new("libtorch cannot be set up", "free some space"));
        let expected =
            "error: libtorch cannot be set up\n  why: cannot write /x: no space left\nhint: free some space";
        assert_eq!(render(&error), expected);
    }

    #[test]
    fn sizes_and_times_are_short() {
        assert_eq!(megabytes(526_574_961), "527 MB");
        assert_eq!(seconds(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(seconds(Duration::from_millis(61_240)), "61 s");
    }
}
