//! A dataset of the user's own: whatever `layout` knows at a path.
//!
//! In: a path, and how to read it. Out: what the files contain, for keys, and their samples. Both come from the files'
//! bytes, never from their place or age. Must not know: published datasets, the layouts themselves.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::checksum::sha256;
use super::layout::{self, Content, Layout, Place};
use super::reading::Reading;
use super::samples::{Rows, Samples, Unseen};
use super::{DataError, Sums, file, read};

/// The most bytes that all files of a dataset may have together; they are read into memory.
const MAX_FILES: u64 = 5 << 30;

/// The version of what is made of files. It counts up when the same files give other samples, classes or an other order.
const READER: &str = "3";

/// A dataset at a path.
#[derive(Debug, Clone)]
pub(super) struct Own {
    name: String,
    path: PathBuf,
    reading: Reading,
    /// What the files were when they were first read.
    pinned: OnceLock<Pinned>,
}

#[derive(Debug, Clone)]
struct Pinned {
    sums: Sums,
    /// The file of each sample, where every sample has one of its own.
    sources: Vec<String>,
}

impl Pinned {
    fn of(layout: Layout, sums: Sums) -> Self {
        let mut sources = Vec::new();
        if layout.has_a_file_per_sample() {
            sources.extend(sums.iter().map(|(name, _)| name.clone()));
        }
        let mut sums = layout.identity(sums);
        sums.push(("reader".to_owned(), READER.to_owned()));
        Self { sums, sources }
    }
}

impl Own {
    pub fn new(name: String, path: PathBuf, reading: Reading) -> Self {
        Self { name, path, reading, pinned: OnceLock::new() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sums of the files; computed once, then remembered.
    pub fn identity(&self) -> Result<Sums, DataError> {
        Ok(self.pinned()?.sums.clone())
    }

    /// The file of each sample, below the dataset's folder; nothing where files hold many samples.
    pub fn sources(&self) -> Result<Vec<String>, DataError> {
        Ok(self.pinned()?.sources.clone())
    }

    fn pinned(&self) -> Result<&Pinned, DataError> {
        if let Some(pinned) = self.pinned.get() {
            return Ok(pinned);
        }
        let Place { layout, files, .. } = self.files()?;
        let mut sums = Vec::with_capacity(files.len());
        for file in files {
            sums.push((file.name, read::digest(&file.path)?.to_string()));
        }
        Ok(self.pinned.get_or_init(|| Pinned::of(layout, sums)))
    }

    /// What is to be read, if it is not too much.
    fn files(&self) -> Result<Place, DataError> {
        let place = layout::find(&self.path)?;
        let (mut total, mut faults) = (0u64, Vec::new());
        for file in &place.files {
            match file::len(&file.path) {
                Ok(len) => total = total.saturating_add(len),
                Err(fault) => faults.push(fault),
            }
        }
        DataError::all(faults, place.files.len())?;
        if total > MAX_FILES {
            return Err(DataError::TooLarge { path: self.path.clone(), sizes: total.to_string() });
        }
        Ok(place)
    }

    /// Reads everything. Refuses files that changed since their identity was first taken.
    pub fn load(&self) -> Result<Samples, DataError> {
        Samples::of(self.rows()?, &self.reading, &self.path)
    }

    /// The same for samples that are to be judged alone, by networks that know these classes.
    pub fn unseen(&self, classes: &[String]) -> Result<Unseen, DataError> {
        Unseen::of(self.rows()?, classes, &self.path)
    }

    fn rows(&self) -> Result<Rows, DataError> {
        let Place { layout, files: found, below } = self.files()?;
        let (mut files, mut sums) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        for (index, file) in found.into_iter().enumerate() {
            let bytes = read::whole(layout, index, &file.path)?;
            sums.push((file.name.clone(), sha256(&bytes).to_string()));
            files.push(Content { name: file.name, path: file.path, bytes });
        }
        let now = Pinned::of(layout, sums);
        let (then, now) = (&self.pinned.get_or_init(|| now.clone()).sums, &now.sums);
        if then != now {
            let name = now.iter().zip(then).find(|(now, then)| now != then).map(|(now, _)| now.0.clone());
            let name = name.unwrap_or_else(|| "another number of files".to_owned());
            return Err(DataError::Changed { path: self.path.clone(), name });
        }
        let mut rows = layout.rows(files, &self.reading)?;
        let known = layout.keys(&rows.content);
        if let [first, ..] = self.reading.others(known)[..] {
            let why = format!("`{first}` in the dataset's map says nothing of these data");
            let hint = match known {
                [] => "take it away".to_owned(),
                known => format!("take it away; what can be said of them is {}", known.join(", ")),
            };
            return Err(DataError::unfit(&self.path, why, hint));
        }
        if !below.as_os_str().is_empty() {
            rows.notices.insert(0, format!("the data are in {}", self.path.join(below).display()));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::idx::{self, tests::idx};
    use super::super::read::tests::gzip;
    use super::super::{Dataset, Folders};
    use super::*;
    use std::fs;

    /// Four train images, two test images, of 2x3 pixels.
    fn small() -> [Vec<u8>; 4] {
        let train: Vec<u8> = (0..24).collect();
        let test: Vec<u8> = (30..42).collect();
        [idx(&[4, 2, 3], &train), idx(&[4], &[2, 0, 1, 1]), idx(&[2, 2, 3], &test), idx(&[2], &[0, 2])]
    }

    fn folder_of(files: &[Vec<u8>; 4]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in idx::FILES.iter().zip(files) {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn load(folder: &Path) -> Result<Samples, DataError> {
        Own::new("small".into(), folder.into(), Reading::default()).load()
    }

    #[test]
    fn train_comes_before_test_gzipped_or_not() {
        let raw = folder_of(&small());
        let found = load(raw.path()).unwrap();
        let pixels: Vec<u8> = (0..24).chain(30..42).collect();
        assert_eq!(found.summary(), "3 classes: 0, 1, 2; 4 train, 2 test; 3x2 grey");
        assert_eq!((&found.images().pixels, &found.labels[..]), (&pixels, &[2, 0, 1, 1, 0, 2][..]));

        let packed = tempfile::tempdir().unwrap();
        for (name, bytes) in idx::FILES.iter().zip(small()) {
            fs::write(packed.path().join(format!("{name}.gz")), gzip(&bytes)).unwrap();
        }
        assert_eq!(load(packed.path()).unwrap(), found);
        let identity =
            |folder: &Path| Dataset::at_path("small", folder, Reading::default()).identity().unwrap();
        assert_eq!(identity(packed.path()), identity(raw.path()));
        assert_eq!(identity(raw.path())[3].0, "t10k-labels-idx1-ubyte");
    }

    #[test]
    fn a_file_that_changed_after_its_identity_was_taken_is_refused() {
        let folder = folder_of(&small());
        let dataset = Dataset::at_path("small", folder.path(), Reading::default());
        let before = dataset.identity().unwrap();
        fs::write(folder.path().join(idx::FILES[3]), idx(&[2], &[2, 0])).unwrap();
        let nowhere = Folders { user: None, project: "none".into(), system: "none".into() };
        let error = super::super::load(&dataset, &nowhere).unwrap_err();
        assert!(matches!(&error, DataError::Changed { name, .. } if name == idx::FILES[3]), "{error}");
        assert_eq!(dataset.identity().unwrap(), before);
    }

    #[test]
    fn files_that_do_not_belong_together_are_named() {
        let mut files = small();
        files[1] = idx(&[3], &[0, 1, 2]);
        let error = load(folder_of(&files).path()).unwrap_err().to_string();
        assert!(error.contains(idx::FILES[0]) && error.contains("4 images, 3 labels"), "{error}");
        let mut files = small();
        files[2] = idx(&[2, 3, 2], &[0; 12]);
        let error = load(folder_of(&files).path()).unwrap_err().to_string();
        assert!(error.contains("2x3") && error.contains("3x2"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_links_to_nothing_are_named_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ant/a.png", "ant/b.png", "bee/a.png", "bee/b.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, [1]).unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        // A socket is as little a file as a pipe, and the standard library can make one.
        let _socket = std::os::unix::net::UnixListener::bind(at("ant/pipe.png")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("bee/zero.png")).unwrap();
        std::os::unix::fs::symlink("nothing", at("bee/gone.png")).unwrap();
        let error = Own::new("mine".into(), folder.path().into(), Reading::default())
            .identity()
            .unwrap_err()
            .to_string();
        let parts =
            ["3 of 7 images", "pipe.png: it is not a regular", "zero.png: it is not", "gone.png: No such"];
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }

    #[test]
    fn what_is_missing_or_unknown_is_told() {
        let folder = folder_of(&small());
        fs::remove_file(folder.path().join(idx::FILES[2])).unwrap();
        let error = load(folder.path()).unwrap_err();
        assert!(error.to_string().contains("lacks t10k-images-idx3-ubyte"), "{error}");
        let error = load(&folder.path().join("none")).unwrap_err();
        assert!(error.is_absent(), "{error}");
        let empty = tempfile::tempdir().unwrap();
        let error = load(empty.path()).unwrap_err();
        assert!(error.to_string().contains("there is nothing"), "{error}");
    }

    #[test]
    fn a_class_of_one_sample_is_refused_and_a_gap_is_fine() {
        let mut files = small();
        files[1] = idx(&[4], &[2, 0, 1, 0]);
        let error = load(folder_of(&files).path()).unwrap_err().to_string();
        assert!(error.contains("class 1 has one sample"), "{error}");
        files[1] = idx(&[4], &[7, 7, 2, 0]);
        assert_eq!(load(folder_of(&files).path()).unwrap().class_names(), ["0", "2", "7"]);
    }

    #[test]
    fn a_gzip_bomb_and_a_cut_gzip_file_are_errors() {
        let folder = folder_of(&small());
        let (raw, gz) = (folder.path().join(idx::FILES[2]), folder.path().join("t10k-images-idx3-ubyte.gz"));
        fs::remove_file(raw).unwrap();
        // 64 MiB of zeros behind a header of two images.
        let mut bomb = small()[2].clone();
        bomb.resize(64 << 20, 0);
        fs::write(&gz, gzip(&bomb)).unwrap();
        let error = load(folder.path()).unwrap_err();
        assert!(error.in_one_line().contains("longer than the 28 bytes"), "{error}");
        let cut = gzip(&small()[2]);
        fs::write(&gz, &cut[..cut.len() - 4]).unwrap();
        assert!(matches!(load(folder.path()), Err(DataError::Unpack { .. })));
    }
}
