//! Gets a dataset's files from wherever they can be had.
//!
//! In: a dataset, the folders, and whom to tell of progress. Out: a folder that holds all four
//! files, each checked before it was put there. Must not know: how a file is checked.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::package::Package;
use super::read::{self, Checked};
use super::source::{complete, files_in, forms};
use super::{Attempt, COUNT, DataError, Dataset, FILES, Folders, Origin};

/// Makes sure that a [`load`](super::load) will succeed, and returns the folder it will read.
///
/// If the files that a load would take are right, nothing is done. Otherwise the destination
/// (`HSPIPE_DATA` or `data`, then `NAME/raw`) is filled file by file from the other folders, the
/// mirrors and a package, in this order; wrong files in it are replaced, files elsewhere are never
/// touched. Files appear whole or not at all. `say` gets one line per event.
///
/// # Errors
/// [`DataError::Unobtainable`] with one reason per source; [`DataError::Io`] if the destination
/// cannot be written. A dataset at a path has no other source: then whatever is wrong with it.
pub fn fetch(dataset: &Dataset, folders: &Folders, say: &mut dyn FnMut(&str)) -> Result<PathBuf, DataError> {
    let at_hand = complete(dataset, folders).and_then(|(files, folder)| {
        read::all(dataset, &files)?;
        Ok(folder)
    });
    let Origin::Published { mirrors, package, .. } = &dataset.origin else {
        return at_hand;
    };
    if at_hand.is_ok() {
        return at_hand;
    }

    let destination = folders.destination(dataset);
    let on_disk = folders.candidates(dataset).into_iter().map(Source::Folder);
    let online = mirrors.iter().map(|&url| Source::Mirror(url)).chain(package.as_ref().map(Source::Package));
    let mut missing: Vec<usize> = (0..COUNT).filter(|&file| !is_right(dataset, file, &destination)).collect();
    let mut tried = Vec::new();
    for source in on_disk.chain(online) {
        if missing.is_empty() {
            break;
        }
        if source.is_remote() {
            say(&format!("{}: trying {source}", dataset.name()));
        }
        if let Err(why) = source.supply(dataset, &mut missing, &destination)? {
            say(&format!("{source}: {why}"));
            tried.push(Attempt { place: source.to_string(), why });
        }
    }
    if missing.is_empty() {
        say(&format!("{}: all files are in {}", dataset.name(), destination.display()));
        return Ok(destination);
    }
    Err(DataError::Unobtainable { name: dataset.name().to_owned(), destination, tried })
}

/// Something that may have some of the files.
#[derive(Debug)]
enum Source<'a> {
    Folder(PathBuf),
    /// An address that `NAME.gz` is appended to.
    Mirror(&'a str),
    Package(&'a Package),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Mirror(url) => f.write_str(url),
            Self::Package(package) => write!(f, "{package}"),
        }
    }
}

impl Source<'_> {
    fn is_remote(&self) -> bool {
        !matches!(self, Self::Folder(_))
    }

    /// Puts into `destination` what it can of the missing files and strikes them from the list.
    /// The inner error is why the source fell short, the outer one that nothing can be stored.
    fn supply(
        &self,
        dataset: &Dataset,
        missing: &mut Vec<usize>,
        destination: &Path,
    ) -> Result<Result<(), String>, DataError> {
        match self {
            Self::Folder(folder) => supply_from_folder(dataset, missing, folder, destination),
            Self::Mirror(url) => {
                let agent = agent();
                for file in missing.clone() {
                    // The next file would fail as this one did, only later.
                    match download(&agent, dataset, file, url) {
                        Ok(checked) => publish(&checked, file, missing, destination)?,
                        Err(why) => return Ok(Err(why)),
                    }
                }
                Ok(Ok(()))
            }
            Self::Package(package) => {
                let cannot = |source| DataError::Io {
                    doing: "create a folder in",
                    path: std::env::temp_dir(),
                    source,
                };
                let temp = tempfile::tempdir().map_err(cannot)?;
                match package.unpack(temp.path()) {
                    Ok(folder) => supply_from_folder(dataset, missing, &folder, destination),
                    Err(why) => Ok(Err(why)),
                }
            }
        }
    }
}

fn supply_from_folder(
    dataset: &Dataset,
    missing: &mut Vec<usize>,
    folder: &Path,
    destination: &Path,
) -> Result<Result<(), String>, DataError> {
    let mut wrong = None;
    for file in missing.clone() {
        for path in forms(dataset, file, folder) {
            match read::file(dataset, file, &path) {
                Ok(checked) => {
                    publish(&checked, file, missing, destination)?;
                    break;
                }
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
    }
    if missing.is_empty() {
        return Ok(Ok(()));
    }
    let error = match (wrong, files_in(dataset, folder)) {
        (Some(error), _) | (None, Err(error)) => error,
        (None, Ok(_)) => return Ok(Err("its files changed while they were read".to_owned())),
    };
    Ok(Err(error.why_not(folder)))
}

/// True if a load that takes this folder would find the file of this index right.
fn is_right(dataset: &Dataset, file: usize, folder: &Path) -> bool {
    forms(dataset, file, folder).first().is_some_and(|path| read::file(dataset, file, path).is_ok())
}

fn agent() -> ureq::Agent {
    // Short where a machine without network would wait; long only while bytes arrive.
    let seconds = |s| Some(Duration::from_secs(s));
    ureq::Agent::config_builder()
        .timeout_resolve(seconds(5))
        .timeout_connect(seconds(5))
        .timeout_recv_response(seconds(20))
        .timeout_per_read(seconds(30))
        .timeout_global(seconds(1800))
        .build()
        .into()
}

fn download(agent: &ureq::Agent, dataset: &Dataset, file: usize, base: &str) -> Result<Checked, String> {
    let name = format!("{}.gz", FILES[file]);
    let response = agent.get(format!("{base}{name}")).call().map_err(|error| format!("{name}: {error}"))?;
    // Its length is bounded where it is read.
    let body = response.into_body().into_reader();
    read::stream(dataset, file, Path::new(&name), body, true).map_err(|error| error.in_one_line())
}

/// Stores a checked file under a temporary name, then renames it.
fn publish(
    checked: &Checked,
    file: usize,
    missing: &mut Vec<usize>,
    destination: &Path,
) -> Result<(), DataError> {
    let (bytes, ending) = checked.stored();
    let path = destination.join(format!("{}{ending}", FILES[file]));
    let write = || {
        fs::create_dir_all(destination)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fetch-");
        // Others may read the file, unlike what a temporary file allows by itself.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut temp = builder.tempfile_in(destination)?;
        temp.write_all(bytes)?;
        temp.as_file().sync_all()?;
        temp.persist(&path)?;
        Ok(())
    };
    write().map_err(|source| DataError::Io { doing: "write", path: path.clone(), source })?;
    missing.retain(|&other| other != file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::idx::tests::idx;
    use super::super::read::tests::gzip;
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    /// A server that answers with the file of that name, or 404. Gives its address.
    fn serve(files: Vec<(&'static str, Vec<u8>)>) -> &'static str {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                let _ = request.read_line(&mut first);
                let mut line = String::new();
                while request.read_line(&mut line).is_ok_and(|n| n > 2) {
                    line.clear();
                }
                let name = first.split(['/', ' ']).nth(2).unwrap_or_default();
                let (status, body) = match files.iter().find(|(file, _)| name == format!("{file}.gz")) {
                    Some((_, body)) => ("200 OK", body.as_slice()),
                    None => ("404 Not Found", &b""[..]),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), body].concat());
            }
        });
        url.leak()
    }

    #[test]
    fn sources_are_tried_in_order_until_every_file_is_right() {
        let pixels = vec![9; 3 * 28 * 28];
        let raw = [
            idx(&[3, 28, 28], &pixels),
            idx(&[3], &[0, 1, 9]),
            idx(&[1, 28, 28], &pixels[..784]),
            idx(&[1], &[5]),
        ];
        let named = |bytes: Vec<Vec<u8>>| FILES.into_iter().zip(bytes).collect::<Vec<_>>();
        let packed: Vec<_> = raw.iter().map(|bytes| gzip(bytes)).collect();
        let mirrors = vec![
            // Nothing listens there.
            "http://127.0.0.1:1/",
            serve(named(vec![packed[0].clone(), b"<html>".to_vec()])),
            serve(named(vec![packed[0].clone(), packed[0].clone()])),
            serve(named(packed.clone())),
        ];
        let dataset = Dataset {
            name: "Some".into(),
            class_names: &[],
            origin: Origin::Published {
                sums: raw.clone().map(|bytes| read::sha256(&bytes)),
                samples: [3, 1],
                mirrors: mirrors.leak(),
                package: None,
            },
        };
        let root = tempfile::tempdir().unwrap();
        let folders = Folders { user: None, project: root.path().into(), system: "none".into() };
        let destination = folders.destination(&dataset);
        // Wrong, and complete: a load takes it and complains, a fetch replaces what is wrong.
        fs::create_dir_all(&destination).unwrap();
        for (file, name) in FILES.iter().enumerate() {
            let bytes = if file == 3 { raw[3].clone() } else { idx(&[1], &[8]) };
            fs::write(destination.join(name), bytes).unwrap();
        }
        assert!(matches!(super::super::load(&dataset, &folders), Err(DataError::WrongSum { .. })));

        let mut said = Vec::new();
        assert_eq!(fetch(&dataset, &folders, &mut |line| said.push(line.to_owned())).unwrap(), destination);
        let reasons = ["train-images-idx3-ubyte.gz: ", "cannot unpack", "is longer than"];
        for (mirror, reason) in mirrors_of(&dataset).iter().zip(reasons) {
            let failed = |line: &&String| line.starts_with(mirror) && line.contains(reason);
            assert_eq!(said.iter().filter(failed).count(), 1, "{reason}: {said:#?}");
        }
        assert_eq!(super::super::load(&dataset, &folders).unwrap().labels, [0, 1, 9, 5]);
        assert_eq!(fs::read_dir(&destination).unwrap().count(), COUNT, "nothing temporary is left");

        said.clear();
        fetch(&dataset, &folders, &mut |line| said.push(line.to_owned())).unwrap();
        assert!(said.is_empty(), "a second fetch does nothing: {said:?}");
    }

    fn mirrors_of(dataset: &Dataset) -> &'static [&'static str] {
        match &dataset.origin {
            Origin::Published { mirrors, .. } => mirrors,
            Origin::Folder { .. } => &[],
        }
    }
}
