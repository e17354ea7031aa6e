//! What the operating system says, in plain words, and what to do about it.
//!
//! In: texts that quote it, as `Permission denied (os error 13)`. Out: the same in words, and a hint. Knows no commands.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

/// The mark of a quoted error.
const MARK: &str = "(os error ";

/// `text` with plain words for each error of the system that it quotes.
pub fn plain(text: &str) -> Cow<'_, str> {
    let mut plain = without_temporary(text);
    // Each round leaves one number less, but for one that is written oddly.
    for _ in 0..text.matches(MARK).count() {
        let Some(error) = quoted(&plain) else { break };
        let raw = error.to_string();
        let words = words(&error)
            .map_or_else(|| raw.split(" (").next().unwrap_or_default().to_lowercase(), String::from);
        let number = format!(" {MARK}{})", error.raw_os_error().unwrap_or_default());
        // Where another library quotes it in its own words, these stay.
        plain = plain.replace(&raw, &words).replace(&number, "").replace(number.trim_start(), "").into();
    }
    plain
}

/// Without the name of a temporary file, which the crate that makes them adds: nobody knows it.
fn without_temporary(text: &str) -> Cow<'_, str> {
    let place = |text: &str| text.find(" at path \"").filter(|at| text[*at..].contains("/.tmp-"));
    match place(text) {
        Some(at) => text[..at].to_string().into(),
        None => text.into(),
    }
}

/// What to do about the first error of the system that `text` quotes.
pub fn hint(text: &str) -> Option<&'static str> {
    let error = quoted(text)?;
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => {
            "`ls -ld` says who may do what there; --cache-dir, --output-dir and -o name other places"
        }
        ErrorKind::ReadOnlyFilesystem => "name places that can be written in: --cache-dir, --output-dir, -o",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room, as by `hspipe cache gc`, or name a place on another disk: --cache-dir, --output-dir, -o"
        }
        ErrorKind::FileTooLarge => {
            "`ulimit -f` says how large a file may be here; `ulimit -f unlimited` lifts it"
        }
        ErrorKind::InvalidFilename => "give it a shorter name",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "move that file away, or name another place",
        ErrorKind::IsADirectory => "name a file in it",
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => {
            "wait until the other program is done, or name another file"
        }
        ErrorKind::StaleNetworkFileHandle => "the network drive was lost: mount it again",
        _ => match error.raw_os_error()? {
            23 | 24 => {
                "`ulimit -n` says how many files may be open; `ulimit -n 4096` allows more, or use fewer --threads"
            }
            5 => "the disk may be failing: see `dmesg`, and keep copies",
            _ => return None,
        },
    };
    Some(hint)
}

fn words(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "this user is not allowed to",
        ErrorKind::ReadOnlyFilesystem => "that disk can only be read from",
        ErrorKind::StorageFull => "no space is left on that disk",
        ErrorKind::QuotaExceeded => "this user's share of that disk is used up",
        ErrorKind::FileTooLarge => "files may not become that large here",
        ErrorKind::InvalidFilename => "that name is too long",
        ErrorKind::NotADirectory => "a file is where a folder should be",
        ErrorKind::IsADirectory => "it is a folder, not a file",
        ErrorKind::AlreadyExists => "something of that name is there already",
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => "another program is using it",
        ErrorKind::CrossesDevices => "it would have to move to another disk",
        ErrorKind::StaleNetworkFileHandle => "that network drive has been lost",
        ErrorKind::BrokenPipe => "its reader is gone",
        _ => match error.raw_os_error()? {
            23 | 24 => "too many files are open",
            5 => "the disk, or the way to it, reports a failure",
            6 => "nobody is there to read it",
            9 => "it is closed",
            40 | 62 => "links lead in a circle",
            _ => return None,
        },
    })
}

fn quoted(text: &str) -> Option<io::Error> {
    let (_, rest) = text.split_once(MARK)?;
    let number = rest.split(')').next()?.parse().ok()?;
    Some(io::Error::from_raw_os_error(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        let denied = io::Error::from_raw_os_error(13);
        assert_eq!(plain(&format!("cannot read x: {denied}")), "cannot read x: this user is not allowed to");
        assert_eq!(plain("a: Oh no (os error 28); Dear (os error 20)"), "a: Oh no; Dear");
        assert_eq!(plain("(os error 13)"), "");
        assert_eq!(plain(&format!("{denied} at path \"/a/.tmp-x1\"")), "this user is not allowed to");
        assert_eq!(plain("(os error of mine)"), "(os error of mine)");
        assert!(hint(&denied.to_string()).is_some_and(|hint| hint.contains("--cache-dir")));
        for number in 1..134 {
            let text = io::Error::from_raw_os_error(number).to_string();
            assert!(!plain(&text).contains("os error") && !plain(&text).is_empty(), "{text}");
        }
    }
}
