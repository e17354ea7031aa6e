//! Fetching: from made-up servers, folders and archives.

use super::super::checksum::{Checksum, md5, sha256};
use super::super::known::PublishedFile;
use super::super::layout::idx::{FILES, tests::idx};
use super::super::layout::{Layout, cifar, usps};
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
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
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
        folder: "Some",
        layout,
        class_names: &[],
        first_label: 0,
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
    let archive = Archive { name, md5: md5(&packed).leak(), len, folder: "inside", packing: Packing::TarGz };
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
    let hint = format!("copy some.tar.gz into {}/Some/raw from a machine that has it", root.path().display());
    assert_eq!(error.hint(), Some(hint));
    fs::create_dir_all(root.path().join("Some/raw")).unwrap();
    fs::write(root.path().join("Some/raw").join(name), &packed).unwrap();
    let unheard = |line: &str| assert!(!line.contains("trying"), "{line}");
    assert_eq!(super::super::load_or_fetch(&offline, &folders, &mut { unheard }).unwrap(), samples);
}

#[test]
fn files_whose_md5_is_known_are_checked_by_it() {
    let raw = [[vec![3; cifar::RECORD_100], vec![0; cifar::RECORD_100]].concat(), vec![1; cifar::RECORD_100]];
    let file = |(name, bytes): (&&'static str, &Vec<u8>)| PublishedFile {
        name,
        sum: Checksum::Md5(md5(bytes).into()),
        len: bytes.len() as u64,
    };
    let files: Vec<PublishedFile> = cifar::FILES_100.iter().zip(&raw).map(file).collect();
    let some = Dataset::published(Box::leak(Box::new(Published {
        name: "Some",
        folder: "Some",
        layout: Layout::Cifar100,
        class_names: &["a", "b", "c", "d"],
        first_label: 0,
        files: files.leak(),
        mirrors: &[],
        archive: None,
        package: None,
    })));
    let root = tempfile::tempdir().unwrap();
    let folders = folders_in(&root);
    let folder = root.path().join("Some/raw");
    fs::create_dir_all(&folder).unwrap();
    cifar::FILES_100.iter().zip(&raw).for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
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

/// Four files of a made-up split of EMNIST, of images of 2x3 pixels, and a zip archive of them and of another split.
fn emnist() -> (Vec<Vec<u8>>, Vec<u8>) {
    let raw = vec![
        idx(&[2, 2, 3], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        idx(&[2], &[1, 3]),
        idx(&[1, 2, 3], &[20; 6]),
        idx(&[1], &[2]),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let more = [("emnist-other-train-images-idx3-ubyte", vec![0])];
    for (name, bytes) in EMNIST.into_iter().zip(raw.clone()).chain(more) {
        zip.start_file(format!("gzip/{name}.gz"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&gzip(&bytes)).unwrap();
    }
    (raw, zip.finish().unwrap().into_inner())
}

const EMNIST: [&str; 4] = [
    "emnist-some-train-images-idx3-ubyte",
    "emnist-some-train-labels-idx1-ubyte",
    "emnist-some-test-images-idx3-ubyte",
    "emnist-some-test-labels-idx1-ubyte",
];

/// Of which nothing is published but the sum of the archive.
fn split_of_emnist(raw: &[Vec<u8>], zip: &[u8], mirrors: Vec<&'static str>) -> Dataset {
    let sum = Checksum::Md5Zip(md5(zip).into());
    let file = |(name, bytes): (&&'static str, &Vec<u8>)| PublishedFile {
        name,
        sum: sum.clone(),
        len: bytes.len() as u64,
    };
    let files: Vec<PublishedFile> = EMNIST.iter().zip(raw).map(file).collect();
    Dataset::published(Box::leak(Box::new(Published {
        name: "EMNIST-some",
        folder: "EMNIST",
        layout: Layout::Idx,
        class_names: &["a", "b", "c"],
        first_label: 1,
        files: files.leak(),
        mirrors: mirrors.leak(),
        archive: Some(Archive {
            name: "gzip.zip",
            md5: md5(zip).leak(),
            len: zip.len() as u64,
            folder: "gzip",
            packing: Packing::Zip,
        }),
        package: None,
    })))
}

#[test]
fn a_split_of_emnist_is_taken_out_of_the_archive_which_is_kept() {
    let (raw, zip) = emnist();
    let mut other = zip.clone();
    other[40] ^= 1;
    let serve = |bytes: &[u8]| serve(vec![("gzip.zip".to_owned(), bytes.to_vec())]);
    let some = split_of_emnist(&raw, &zip, vec![serve(&other), serve(&zip)]);
    let root = tempfile::tempdir().unwrap();
    let folders = folders_in(&root);
    let mut said = Vec::new();
    let folder = fetch(&some, &folders, &mut |line| said.push(line.to_owned())).unwrap();
    assert_eq!(folder, root.path().join("EMNIST/raw"), "where torchvision puts it");
    assert!(said.iter().any(|line| line.contains("expected md5:")), "{said:#?}");
    assert!(
        said.iter()
            .any(|line| line.ends_with("gzip.zip stays for the other datasets in it, and may be deleted"))
    );
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected: Vec<&str> = EMNIST.into_iter().chain(["emnist-some.sha256", "gzip.zip"]).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "of the other splits nothing is unpacked");

    let samples = super::super::load(&some, &folders).unwrap();
    assert_eq!(samples.labels, [0, 2, 1], "labels begin at 1");
    let class = |class: usize| (&*samples.classes[class].name, &*samples.classes[class].value);
    assert_eq!((class(0), class(2)), (("a", "1"), ("c", "3")));
    assert_eq!(samples.images().pixels[..6], [1, 4, 2, 5, 3, 6], "set upright");
    assert!(some.identity().unwrap().iter().all(|(_, sum)| *sum == format!("md5-zip:{}", md5(&zip))));

    // A file that has changed since is found by the sums that were taken when it was unpacked, and mended.
    let path = folder.join(EMNIST[1]);
    fs::write(&path, idx(&[2], &[2, 3])).unwrap();
    let error = super::super::load(&some, &folders).unwrap_err();
    assert!(
        matches!(&error, DataError::WrongSum { expected, .. } if expected.starts_with("sha256:")),
        "{error}"
    );
    let silent = |line: &str| assert!(!line.contains("trying"), "the archive is here: {line}");
    fetch(&some, &folders, &mut { silent }).unwrap();
    assert_eq!(fs::read(&path).unwrap(), raw[1]);
}

#[test]
fn files_of_emnist_that_others_unpacked_are_not_taken_for_checked() {
    let (raw, zip) = emnist();
    let some = split_of_emnist(&raw, &zip, vec![]);
    let root = tempfile::tempdir().unwrap();
    let folders = folders_in(&root);
    let folder = root.path().join("EMNIST/raw");
    fs::create_dir_all(&folder).unwrap();
    EMNIST.iter().zip(&raw).for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    // A note of another archive says nothing, even with the right sums.
    let mut note = format!("# unpacked by hspipe from gzip.zip, md5 {}\n", md5(b"another"));
    for (name, bytes) in EMNIST.iter().zip(&raw) {
        note += &format!("{}  {name}\n", sha256(bytes).to_string().replace("sha256:", ""));
    }
    fs::write(folder.join("emnist-some.sha256"), note).unwrap();
    let error = super::super::load_or_fetch(&some, &folders, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("a checksum of gzip.zip alone"), "{error}");
    assert!(matches!(super::super::locate(&some, &folders), super::super::Whereabouts::Absent { .. }));

    // Nor is another archive; the published one is, beside them or in the folder of the project's data.
    fs::write(folder.join("gzip.zip"), &zip[..zip.len() - 1]).unwrap();
    assert!(fetch(&some, &folders, &mut |_| {}).is_err());
    fs::write(folder.join("gzip.zip"), &zip).unwrap();
    assert_eq!(super::super::load_or_fetch(&some, &folders, &mut |_| {}).unwrap().labels, [0, 2, 1]);
}

#[test]
fn files_packed_by_bzip2_are_fetched_and_kept_as_they_are_published() {
    let line = |label: &str| {
        let pixels: String = (1..=256).map(|pixel| format!(" {pixel}:0.5")).collect();
        format!("{label}{pixels}\n")
    };
    let raw = [[line("10"), line("1")].concat(), line("2")];
    let pack = |text: &String| {
        let mut packed = Vec::new();
        let mut encoder = bzip2::read::BzEncoder::new(text.as_bytes(), bzip2::Compression::fast());
        std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
        packed
    };
    let packed = raw.each_ref().map(pack);
    let file = |at: usize| PublishedFile {
        name: usps::FILES[at],
        sum: Checksum::Md5Bz2(md5(&packed[at]).into()),
        len: 10_000,
    };
    let names = ["usps.bz2", "usps.t.bz2"];
    let served = names.iter().zip(&packed).map(|(name, bytes)| ((*name).to_owned(), bytes.clone()));
    let some = Dataset::published(Box::leak(Box::new(Published {
        name: "Some",
        folder: "Some",
        layout: Layout::Usps,
        class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        first_label: 0,
        files: vec![file(0), file(1)].leak(),
        mirrors: vec![serve(served.collect())].leak(),
        archive: None,
        package: None,
    })));
    let root = tempfile::tempdir().unwrap();
    let folders = folders_in(&root);
    let samples = super::super::load_or_fetch(&some, &folders, &mut |_| {}).unwrap();
    assert_eq!((&*samples.labels, samples.images().pixels[0]), (&[9, 0, 1][..], 191));
    let folder = root.path().join("Some/raw");
    assert_eq!(fs::read(folder.join(names[0])).unwrap(), packed[0]);
    // As a user's own they are the same, packed or not.
    let own = |path: &Path| Dataset::at_path("mine", path, super::super::Reading::default());
    let identity = own(&folder).identity().unwrap();
    assert_eq!(identity[0], ("usps".to_owned(), sha256(raw[0].as_bytes()).to_string()));
    let error = own(&folder).read().unwrap_err();
    assert!(error.to_string().contains("class 0 has one sample"), "{error}");
    // Unpacked they cannot be checked.
    fs::remove_file(folder.join(names[1])).unwrap();
    fs::write(folder.join(usps::FILES[1]), &raw[1]).unwrap();
    let error = super::super::load(&some, &folders).unwrap_err();
    assert!(error.to_string().contains("a checksum of usps.t.bz2 alone"), "{error}");
    assert_eq!(own(&folder).identity().unwrap(), identity);
}
