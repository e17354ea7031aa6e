//! A folder of views brought up to date.
//!
//! In: the files that it is to hold, and the ledger of those that hspipe wrote there. Out: what was done. Before the first
//! file changes, the ledger says that files are being written; after the last one it names them. So it vouches for no
//! file of other parameters, whenever a run is killed. What hspipe did not write is never removed.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use hspipe_engine::key::Digest;

use super::file;
use super::ledger::{self, Ledger, Params, State};

/// A file that a folder is to hold.
pub struct Wanted {
    /// Its path in the folder.
    pub name: String,
    pub digest: Digest,
    /// None if the file is there already.
    pub bytes: Option<Vec<u8>>,
}

impl Wanted {
    /// Of `bytes`, which the folder may hold already.
    pub fn new(folder: &Path, name: String, bytes: Vec<u8>) -> anyhow::Result<Wanted> {
        let digest = Digest::of(&bytes);
        let is_there = digest_of(&folder.join(&name))? == Some(digest);
        Ok(Wanted { name, digest, bytes: (!is_there).then_some(bytes) })
    }
}

/// Names of files by what becomes of them.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    pub written: Vec<String>,
    /// Those of `written` that were not as hspipe had written them.
    pub mended: Vec<String>,
    pub removed: Vec<String>,
    /// No longer wanted, but changed by somebody since hspipe wrote them.
    pub left: Vec<String>,
    /// New names of files that somebody changed, or put where a new one belongs.
    pub aside: Vec<String>,
}

/// One change of the folder. A kill comes between two of them.
enum Step<'a> {
    Ledger(String),
    /// Of these folders.
    Sweep(BTreeSet<PathBuf>),
    Rename(&'a str, String),
    Write(&'a str, &'a [u8]),
    Remove(&'a str),
}

/// Makes `folder` hold what is wanted, and takes away what `ledger` names and nobody wants. The names `own` are
/// hspipe's alone: whatever is found there gives way.
pub fn update(
    folder: &Path,
    ledger: &Ledger,
    params: Params,
    wanted: &[Wanted],
    own: &[String],
) -> anyhow::Result<Changes> {
    let (steps, changes) = steps(folder, ledger, params, wanted, own)?;
    steps.iter().try_for_each(|step| take(folder, step))?;
    Ok(changes)
}

fn steps<'a>(
    folder: &Path,
    ledger: &'a Ledger,
    params: Params,
    wanted: &'a [Wanted],
    own: &'a [String],
) -> anyhow::Result<(Vec<Step<'a>>, Changes)> {
    let (mut steps, mut changes) = (Vec::new(), Changes::default());
    let is_ours = |name: &str, digest: &Digest| {
        // Who has no ledger has files of an hspipe that wrote none.
        ledger.state == State::Missing || ledger.wrote(name, digest) || own.iter().any(|own| own == name)
    };
    for Wanted { name, bytes, .. } in wanted {
        let Some(bytes) = bytes else { continue };
        if let Some(there) = digest_of(&folder.join(name))? {
            if !is_ours(name, &there) {
                let free = free_name(folder, name);
                changes.aside.push(free.clone());
                steps.push(Step::Rename(name, free));
            } else if ledger.lists(name) && !ledger.wrote(name, &there) {
                changes.mended.push(name.clone());
            }
        }
        changes.written.push(name.clone());
        steps.push(Step::Write(name, bytes));
    }
    let names: HashSet<&str> = wanted.iter().map(|file| file.name.as_str()).collect();
    let known: BTreeSet<&str> = own.iter().map(String::as_str).chain(ledger.files()).collect();
    for name in known.into_iter().filter(|name| !names.contains(name)) {
        match digest_of(&folder.join(name))? {
            Some(digest) if is_ours(name, &digest) => {
                changes.removed.push(name.to_string());
                steps.push(Step::Remove(name));
            }
            Some(_) => changes.left.push(name.to_string()),
            None => {}
        }
    }
    let next = Ledger::of(params, wanted.iter().map(|file| (file.name.as_str(), file.digest)));
    if !steps.is_empty() || ledger.state == State::Writing {
        let names = ledger.files().chain(names).chain([ledger::FILE]);
        let folders = names.filter_map(|name| folder.join(name).parent().map(Path::to_path_buf)).collect();
        steps.splice(0..0, [Step::Ledger(ledger.towards(&next).text()), Step::Sweep(folders)]);
    }
    let is_noted = ledger.state == State::Missing && wanted.is_empty() || *ledger == next;
    if !steps.is_empty() || !is_noted {
        steps.push(Step::Ledger(next.text()));
    }
    Ok((steps, changes))
}

fn take(folder: &Path, step: &Step) -> anyhow::Result<()> {
    match step {
        Step::Ledger(text) => file::write(&folder.join(ledger::FILE), text.as_bytes())?,
        Step::Sweep(folders) => folders.iter().for_each(|folder| sweep(folder)),
        Step::Write(name, bytes) => file::write(&folder.join(name), bytes)?,
        Step::Rename(name, free) => fs::rename(folder.join(name), folder.join(free))
            .with_context(|| format!("cannot rename {}", folder.join(name).display()))?,
        Step::Remove(name) => {
            let path = folder.join(name);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            remove_empty(folder, name);
        }
    }
    Ok(())
}

/// Removes what killed runs have left of files half written. Best effort: it is in nobody's way.
fn sweep(folder: &Path) {
    let is_half = |name: &OsStr| name.as_encoded_bytes().starts_with(file::TEMPORARY.as_bytes());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_half(&entry.file_name()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The digest of a file; none if there is none.
pub fn digest_of(path: &Path) -> anyhow::Result<Option<Digest>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Digest::of(&bytes))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The first name like `a.edited.svg` that no file has.
fn free_name(folder: &Path, name: &str) -> String {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) => (stem, format!(".{ending}")),
        None => (name, String::new()),
    };
    let mut free = format!("{stem}.edited{ending}");
    let mut number = 2;
    while folder.join(&free).symlink_metadata().is_ok() {
        free = format!("{stem}.edited-{number}{ending}");
        number += 1;
    }
    free
}

/// Removes the folders between `folder` and a file of it that are empty now.
fn remove_empty(folder: &Path, name: &str) {
    let parents = Path::new(name).ancestors().skip(1).filter(|parent| *parent != Path::new(""));
    for parent in parents.map(|parent| folder.join(parent)).collect::<Vec<PathBuf>>() {
        if fs::remove_dir(parent).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Parameters, and files with their content.
    type Views = (i64, &'static [(&'static str, &'static str)]);

    const OWN: [&str; 3] = ["a", "b", "c"];
    /// Those of three runs; `d` is of the second's pipeline alone.
    const VIEWS: [Views; 3] = [
        (1, &[("a", "a of 1"), ("b", "same"), ("x/y.svg", "y of 1")]),
        (2, &[("a", "a of 2"), ("b", "same"), ("c", "c of 2"), ("d", "d of 2")]),
        (3, &[("a", "a of 3"), ("x/y.svg", "y of 3"), ("x/z.svg", "z of 3")]),
    ];

    fn wanted(folder: &Path, views: &Views) -> Vec<Wanted> {
        let wanted = |(name, text): &(&str, &str)| {
            Wanted::new(folder, name.to_string(), text.as_bytes().to_vec()).unwrap()
        };
        views.1.iter().map(wanted).collect()
    }

    fn params(views: &Views) -> Params {
        vec![("number".to_string(), views.0.into())]
    }

    /// Takes the first steps towards `views`; whether there were more.
    fn go(folder: &Path, views: &Views, most: usize) -> bool {
        let (wanted, ledger) = (wanted(folder, views), Ledger::read(folder));
        let own = OWN.map(String::from);
        let (steps, _) = steps(folder, &ledger, params(views), &wanted, &own).unwrap();
        steps.iter().take(most).for_each(|step| take(folder, step).unwrap());
        steps.len() > most
    }

    fn files(folder: &Path) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(inner) = folders.pop() {
            for entry in fs::read_dir(inner).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let name = entry.strip_prefix(folder).unwrap().display().to_string();
                    files.insert(name, fs::read_to_string(entry).unwrap());
                }
            }
        }
        files
    }

    /// From every set of files to every other, killed after every step, and on to a third one.
    #[test]
    fn a_kill_at_any_step_is_seen_and_made_good() {
        let mut kills = 0;
        for (first, second, third) in (0..27).map(|n| (n / 9, n / 3 % 3, n % 3)) {
            for most in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let folder = folder.path();
                go(folder, &VIEWS[first], usize::MAX);
                let is_cut = go(folder, &VIEWS[second], most);
                let ledger = Ledger::read(folder);
                match ledger.state {
                    State::Whole => {
                        let views = VIEWS.iter().find(|views| params(views) == ledger.params).unwrap();
                        for (name, text) in files(folder).iter().filter(|(name, _)| *name != ledger::FILE) {
                            let content = views.1.iter().find(|(other, _)| other == name);
                            assert_eq!(content.map(|(_, text)| *text), Some(text.as_str()), "{name}");
                        }
                    }
                    state => {
                        assert!(state == State::Writing && is_cut);
                        fs::write(folder.join(".tmp-half"), "a file half wri").unwrap();
                    }
                }
                go(folder, &VIEWS[third], usize::MAX);
                let undisturbed = tempfile::tempdir().unwrap();
                go(undisturbed.path(), &VIEWS[third], usize::MAX);
                assert_eq!(files(folder), files(undisturbed.path()), "{first} {second} {third} {most}");
                assert!(!go(folder, &VIEWS[third], 0), "nothing is left to do");
                if !is_cut {
                    break;
                }
                kills += 1;
            }
        }
        assert!(kills > 50, "{kills} kills");
    }

    #[test]
    fn what_people_made_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        go(folder, &VIEWS[0], usize::MAX);
        fs::write(folder.join("a"), "flipped").unwrap();
        fs::write(folder.join("x/y.svg"), "drawn over").unwrap();
        fs::write(folder.join("x/mine.svg"), "mine").unwrap();
        fs::write(folder.join("x/z.svg"), "mine too").unwrap();
        let to = |views: &Views| {
            let (wanted, ledger) = (wanted(folder, views), Ledger::read(folder));
            update(folder, &ledger, params(views), &wanted, &OWN.map(String::from)).unwrap()
        };
        let third = to(&VIEWS[2]);
        assert_eq!(third.mended, ["a"]);
        assert_eq!(third.removed, ["b"]);
        assert_eq!(third.aside, ["x/y.edited.svg", "x/z.edited.svg"]);
        fs::write(folder.join("x/y.svg"), "drawn over again").unwrap();
        let second = to(&VIEWS[1]);
        assert_eq!((second.left, second.removed), (vec!["x/y.svg".to_string()], vec!["x/z.svg".to_string()]));
        // It is somebody's own from now on.
        assert_eq!(to(&VIEWS[1]), Changes::default());
        let texts: Vec<String> = ["x/y.svg", "x/y.edited.svg", "x/z.edited.svg", "x/mine.svg"]
            .map(|name| fs::read_to_string(folder.join(name)).unwrap())
            .to_vec();
        assert_eq!(texts, ["drawn over again", "drawn over", "mine too", "mine"]);
    }
}
