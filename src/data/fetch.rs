//! Gets a dataset's files from wherever they can be had.
//!
//! In: a dataset, the folders, and whom to tell of progress. Out: a folder that holds all of its
//! files, each checked before it was put there. Must not know: how a file is checked.

use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::known::{Archive, Published};
use super::package::Package;
use super::read::{self, Checked};
use super::source::{complete, files_in, forms};
use super::{Attempt, DataError, Dataset, Folders, Origin, Why, archive, download, file};

/// Makes sure that a [`load`](super::load) will succeed, and returns the folder it will read.
///
/// If the files that a load would take are right, nothing is done. Otherwise the destination
/// (`HSPIPE_DATA` or `data`, then `NAME/raw`) is filled file by file from the other folders and the
/// archives in them, the mirrors and a package, in this order; wrong files in it are replaced, files
/// elsewhere are never touched. Files appear whole or not at all. `say` gets one line per event.
///
/// # Errors
/// [`DataError::Unobtainable`] with one reason per source; [`DataError::Io`] if the destination
/// cannot be written. A dataset at a path has no other source: then whatever is wrong with it.
pub fn fetch(dataset: &Dataset, folders: &Folders, say: &mut dyn FnMut(&str)) -> Result<PathBuf, DataError> {
    let published = match &dataset.origin {
        Origin::Own(own) => return own.load().map(|_| own.path().to_owned()),
        Origin::Published(published) => *published,
    };
    let at_hand = complete(published, folders).and_then(|(files, folder)| {
        read::all(published, &files)?;
        Ok(folder)
    });
    if at_hand.is_ok() {
        return at_hand;
    }

    let destination = folders.destination(published);
    let on_disk = folders.candidates(published).into_iter().map(Source::Folder);
    let archives = folders.archives(published).into_iter().map(Source::Archive);
    let mirrors = published.mirrors.iter().map(|&url| Source::Mirror(url));
    let package = published.package.as_ref().map(Source::Package);
    let files = 0..published.files.len();
    let mut missing: Vec<usize> = files.filter(|&file| !is_right(published, file, &destination)).collect();
    let mut tried = Vec::new();
    for source in on_disk.chain(archives).chain(mirrors).chain(package) {
        if missing.is_empty() {
            break;
        }
        if source.is_remote() {
            say(&format!("trying {source}"));
        }
        if let Err(why) = source.supply(published, &mut missing, &destination, say)? {
            say(&format!("{source}: {why}"));
            tried.push(Attempt { place: source.to_string(), why });
        }
    }
    if missing.is_empty() {
        say(&format!("all files are in {}", destination.display()));
        return Ok(destination);
    }
    let (name, served) = (published.name.to_owned(), published.served());
    Err(DataError::Unobtainable { name, destination, served, tried })
}

/// Something that may have some of the files.
#[derive(Debug)]
enum Source<'a> {
    Folder(PathBuf),
    /// An archive of all files on this machine.
    Archive(PathBuf),
    /// An address that `NAME.gz`, or the archive's name, is appended to.
    Mirror(&'a str),
    Package(&'a Package),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::Archive(path) => write!(f, "{}", path.display()),
            Self::Mirror(url) => f.write_str(url),
            Self::Package(package) => write!(f, "{package}"),
        }
    }
}

impl Source<'_> {
    fn is_remote(&self) -> bool {
        matches!(self, Self::Mirror(_) | Self::Package(_))
    }

    /// Puts into `destination` what it can of the missing files and strikes them from the list.
    /// The inner error is why the source fell short, the outer one that nothing can be stored.
    fn supply(
        &self,
        published: &Published,
        missing: &mut Vec<usize>,
        destination: &Path,
        say: &mut dyn FnMut(&str),
    ) -> Result<Result<(), Why>, DataError> {
        match (self, &published.archive) {
            (Self::Folder(folder), _) => supply_from_folder(published, missing, folder, destination),
            (Self::Archive(path), Some(archive)) => {
                let whole = File::open(path)
                    .map_err(|source| file::unreadable(path, source))
                    .and_then(|file| archive::whole(published, archive, path, file));
                match whole {
                    Ok(bytes) => supply_from_archive(published, archive, &bytes, missing, destination),
                    Err(error) => Ok(Err(error.into())),
                }
            }
            (Self::Archive(_), None) => Ok(Err(Why::Said("it is published as single files".to_owned()))),
            (Self::Mirror(url), Some(archive)) => match download::archive(published, archive, url) {
                Ok(bytes) => supply_from_archive(published, archive, &bytes, missing, destination),
                Err(why) => Ok(Err(why)),
            },
            (Self::Mirror(url), None) => {
                for file in missing.clone() {
                    // The next file would fail as this one did, only later.
                    match download::file(published, file, url) {
                        Ok(checked) => publish(published, &checked, file, missing, destination)?,
                        Err(why) => return Ok(Err(why)),
                    }
                }
                Ok(Ok(()))
            }
            (Self::Package(package), _) => {
                let cannot = |source| DataError::Io {
                    doing: "create a folder in",
                    path: std::env::temp_dir(),
                    source,
                };
                let mut private = tempfile::Builder::new();
                #[cfg(unix)]
                private.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
                let temp = private.tempdir().map_err(cannot)?;
                match package.unpack(temp.path(), say) {
                    Ok(folder) => supply_from_folder(published, missing, &folder, destination),
                    Err(said) => Ok(Err(Why::Said(said))),
                }
            }
        }
    }
}

fn supply_from_archive(
    published: &Published,
    archive: &Archive,
    bytes: &[u8],
    missing: &mut Vec<usize>,
    destination: &Path,
) -> Result<Result<(), Why>, DataError> {
    let wanted = missing.clone();
    let mut unstored = None;
    let name = Path::new(archive.name);
    let unpacked = archive::unpack(published, archive, name, bytes, &wanted, |file, checked| {
        if unstored.is_none() {
            unstored = publish(published, &checked, file, missing, destination).err();
        }
    });
    match (unstored, unpacked) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Ok(Err(error.into())),
        (None, Ok(())) if missing.is_empty() => Ok(Ok(())),
        (None, Ok(())) => Ok(Err(Why::Said(format!("{} does not hold all files", archive.name)))),
    }
}

fn supply_from_folder(
    published: &Published,
    missing: &mut Vec<usize>,
    folder: &Path,
    destination: &Path,
) -> Result<Result<(), Why>, DataError> {
    let mut wrong = None;
    for file in missing.clone() {
        for path in forms(published, file, folder) {
            match read::file(published, file, &path) {
                Ok(checked) => {
                    publish(published, &checked, file, missing, destination)?;
                    break;
                }
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
    }
    if missing.is_empty() {
        return Ok(Ok(()));
    }
    let why = match (wrong, files_in(published, folder)) {
        (Some(error), _) => error.into(),
        (None, Err(why)) => why,
        (None, Ok(_)) => Why::Said("its files changed while they were read".to_owned()),
    };
    Ok(Err(why.within(folder)))
}

/// True if a load that takes this folder would find the file of this index right.
fn is_right(published: &Published, file: usize, folder: &Path) -> bool {
    forms(published, file, folder).first().is_some_and(|path| read::file(published, file, path).is_ok())
}

/// Stores a checked file under a temporary name, then renames it.
fn publish(
    published: &Published,
    checked: &Checked,
    file: usize,
    missing: &mut Vec<usize>,
    destination: &Path,
) -> Result<(), DataError> {
    let (bytes, ending) = checked.stored();
    let name = published.files.get(file).map_or("", |known| known.name);
    let path = destination.join(format!("{name}{ending}"));
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
    use super::super::checksum::{Checksum, md5, sha256};
    use super::super::known::PublishedFile;
    use super::super::layout::idx::{FILES, tests::idx};
    use super::super::layout::{Layout, cifar};
    use super::super::read::tests::gzip;
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    /// A server that answers with the file of that name, or 404. Gives its address.
    fn serve(files: Vec<(String, Vec<u8>)>) -> &'static str {
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
                let (status, body) = match files.iter().find(|(file, _)| name == file) {
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

    /// A dataset of these files, which is looked for in a folder and at these addresses only.
    fn dataset(
        layout: Layout,
        names: &[&'static str],
        raw: &[Vec<u8>],
        mirrors: Vec<&'static str>,
        archive: Option<Archive>,
    ) -> Dataset {
        let file = |(name, bytes): (&&'static str, &Vec<u8>)| PublishedFile {
            name,
            sum: sha256(bytes),
            len: bytes.len() as u64,
        };
        let files: Vec<PublishedFile> = names.iter().zip(raw).map(file).collect();
        Dataset::published(Box::leak(Box::new(Published {
            name: "Some",
            layout,
            class_names: &[],
            files: files.leak(),
            mirrors: mirrors.leak(),
            archive,
            package: None,
        })))
    }

    fn folders_in(root: &tempfile::TempDir) -> Folders {
        Folders { user: None, project: root.path().into(), system: "none".into() }
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
        let named = |bytes: Vec<Vec<u8>>| FILES.iter().map(|name| format!("{name}.gz")).zip(bytes).collect();
        let packed: Vec<_> = raw.iter().map(|bytes| gzip(bytes)).collect();
        let mirrors = vec![
            // Nothing listens there.
            "http://127.0.0.1:1/",
            serve(named(vec![packed[0].clone(), b"<html>".to_vec()])),
            serve(named(vec![packed[0].clone(), packed[0].clone()])),
            serve(named(packed.clone())),
        ];
        let dataset = dataset(Layout::Idx, &FILES, &raw, mirrors.clone(), None);
        let root = tempfile::tempdir().unwrap();
        let folders = folders_in(&root);
        let destination = root.path().join("Some/raw");
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
        for (mirror, reason) in mirrors.iter().zip(reasons) {
            let failed = |line: &&String| line.starts_with(mirror) && line.contains(reason);
            assert_eq!(said.iter().filter(failed).count(), 1, "{reason}: {said:#?}");
        }
        assert_eq!(super::super::load(&dataset, &folders).unwrap().labels, [0, 1, 9, 5]);
        assert_eq!(fs::read_dir(&destination).unwrap().count(), 4, "nothing temporary is left");

        said.clear();
        fetch(&dataset, &folders, &mut |line| said.push(line.to_owned())).unwrap();
        assert!(said.is_empty(), "a second fetch does nothing: {said:?}");
    }

    /// Six files of two images each, and a gzipped tar archive of them and of another file.
    fn cifar() -> (Vec<Vec<u8>>, Vec<u8>) {
        let raw: Vec<Vec<u8>> = (0..6).map(|i| [[i; cifar::RECORD], [7; cifar::RECORD]].concat()).collect();
        let mut tar = tar::Builder::new(Vec::new());
        let more = [("readme.html", b"<html>".to_vec())];
        for (name, bytes) in cifar::FILES.into_iter().zip(raw.clone()).chain(more) {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("inside/{name}"), bytes.as_slice()).unwrap();
        }
        (raw, gzip(&tar.into_inner().unwrap()))
    }

    #[test]
    fn an_archive_is_unpacked_from_a_mirror_or_from_a_folder() {
        let (raw, packed) = cifar();
        let name = "some.tar.gz";
        let len = packed.len() as u64;
        let archive = Archive { name, md5: md5(&packed).leak(), len, folder: "inside" };
        let mut other = packed.clone();
        other[20] ^= 1;
        let long = [packed.as_slice(), &[0]].concat();
        let serve = |bytes: &[u8]| serve(vec![(name.to_owned(), bytes.to_vec())]);
        let mirrors = vec!["http://127.0.0.1:1/", serve(&other), serve(&long), serve(&packed)];
        let online = dataset(Layout::Cifar, &cifar::FILES, &raw, mirrors.clone(), Some(archive.clone()));
        let root = tempfile::tempdir().unwrap();
        let folders = folders_in(&root);
        let mut said = Vec::new();
        let folder = fetch(&online, &folders, &mut |line| said.push(line.to_owned())).unwrap();
        let reasons = ["some.tar.gz: ", "expected md5:", "more than its"];
        for (mirror, reason) in mirrors.iter().zip(reasons) {
            let failed = |line: &&String| line.starts_with(mirror) && line.contains(reason);
            assert_eq!(said.iter().filter(failed).count(), 1, "{reason}: {said:#?}");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 6, "only the files are kept");
        let samples = super::super::load(&online, &folders).unwrap();
        assert_eq!(samples.labels, [0, 7, 1, 7, 2, 7, 3, 7, 4, 7, 5, 7]);

        // With no network: an archive that was copied here, and what to do without one.
        let offline = dataset(Layout::Cifar, &cifar::FILES, &raw, mirrors[..1].to_vec(), Some(archive));
        let root = tempfile::tempdir().unwrap();
        let folders = folders_in(&root);
        let error = fetch(&offline, &folders, &mut |_| {}).unwrap_err();
        assert!(error.is_absent() && error.to_string().contains("127.0.0.1:1"), "{error}");
        let hint =
            format!("copy some.tar.gz into {}/Some/raw from a machine that has it", root.path().display());
        assert_eq!(error.hint(), Some(hint));
        fs::create_dir_all(root.path().join("Some/raw")).unwrap();
        fs::write(root.path().join("Some/raw").join(name), &packed).unwrap();
        let unheard = |line: &str| assert!(!line.contains("trying"), "{line}");
        assert_eq!(super::super::load_or_fetch(&offline, &folders, &mut { unheard }).unwrap(), samples);
    }

    #[test]
    fn files_whose_md5_is_known_are_checked_by_it() {
        let raw =
            [[vec![3; cifar::RECORD_100], vec![0; cifar::RECORD_100]].concat(), vec![1; cifar::RECORD_100]];
        let file = |(name, bytes): (&&'static str, &Vec<u8>)| PublishedFile {
            name,
            sum: Checksum::Md5(md5(bytes).into()),
            len: bytes.len() as u64,
        };
        let files: Vec<PublishedFile> = cifar::FILES_100.iter().zip(&raw).map(file).collect();
        let some = Dataset::published(Box::leak(Box::new(Published {
            name: "Some",
            layout: Layout::Cifar100,
            class_names: &["a", "b", "c", "d"],
            files: files.leak(),
            mirrors: &[],
            archive: None,
            package: None,
        })));
        let root = tempfile::tempdir().unwrap();
        let folders = folders_in(&root);
        let folder = root.path().join("Some/raw");
        fs::create_dir_all(&folder).unwrap();
        cifar::FILES_100
            .iter()
            .zip(&raw)
            .for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
        assert_eq!(super::super::load(&some, &folders).unwrap().labels, [3, 0, 1]);
        assert!(some.identity().unwrap()[0].1.starts_with("md5:"));
        let mut other = raw[1].clone();
        other[7] ^= 1;
        fs::write(folder.join("test.bin"), other).unwrap();
        let error = super::super::load(&some, &folders).unwrap_err();
        assert!(
            matches!(&error, DataError::WrongSum { expected, .. } if expected.starts_with("md5:")),
            "{error}"
        );
    }
}
