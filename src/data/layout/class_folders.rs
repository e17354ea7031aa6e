//! A folder of class folders of images, as they are or below train/, val/ and test/.
//!
//! In: a folder, or the bytes of the images. Out: the images' files, train first, then by class,
//! then by name; or images with their classes. Classes are the names of the folders: in the order of
//! their values if all are whole numbers, else of their bytes, so that it is the same everywhere. Must
//! not know: how an image is decoded.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Content, Found, has_ending};
use crate::data::DataError;
use crate::data::file::unreadable;
use crate::data::images::{self, Gathering, Images, MAX_CLASSES, Picture};
use crate::data::picture::{self, Decoded, ENDINGS, Wanted};

/// Names that folders of sets may have, in the order in which they are joined.
const SETS: [&str; 5] = ["train", "val", "valid", "validation", "test"];

/// What programs that look at folders, or pack them, leave behind. Hidden files are passed over too.
const LITTER: [&str; 3] = ["Thumbs.db", "desktop.ini", "__MACOSX"];

/// What is wrong with a file by its name or place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Not named like an image.
    #[error("its name ends in none of .{}", ENDINGS.join(", ."))]
    Ending,
    /// A folder where an image should be.
    #[error("it is a folder in the folder of a class")]
    Nested,
    /// Two classes are one number.
    #[error("there is a folder {0} too, which is the same number")]
    SameNumber(String),
    /// A name that is no text.
    #[error("its name is not UTF-8")]
    Name,
}

/// The images of a folder that has folders. Looks at names alone.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let inside = folders_in(folder)?;
    if inside.is_empty() {
        return Ok(None);
    }
    let has_classes = |set: &str| Ok::<_, DataError>(!folders_in(&folder.join(set))?.is_empty());
    let sets = inside.iter().all(|name| SETS.contains(&name.as_str()))
        && inside.iter().any(|name| name == SETS[0])
        && has_classes(SETS[0])?;
    let sets: Vec<&str> = if sets {
        SETS.into_iter().filter(|set| inside.iter().any(|name| name == set)).collect()
    } else {
        vec![""]
    };
    let mut of_sets = Vec::with_capacity(sets.len());
    for set in &sets {
        of_sets.push(folders_in(&folder.join(set))?);
    }
    // The order is that of the classes of all sets.
    let classes = in_order(of_sets.iter().flatten().cloned().collect());
    if let Some((one, other)) = same_number(&classes) {
        return Err(broken(folder.join(other), FolderError::SameNumber(one.to_owned())));
    }
    let mut files = Vec::new();
    for (set, of_set) in sets.iter().zip(of_sets) {
        for class in classes.iter().filter(|class| of_set.contains(class)) {
            let name = if set.is_empty() { class.clone() } else { format!("{set}/{class}") };
            files_of(&folder.join(set).join(class), &name, &mut files)?;
        }
    }
    Ok(Some(files))
}

/// Names of classes, each once: whole numbers by their values, if all are, else by their bytes.
fn in_order(mut classes: Vec<String>) -> Vec<String> {
    if classes.iter().all(|class| number(class).is_some()) {
        classes.sort_by(|a, b| (number(a), a).cmp(&(number(b), b)));
    } else {
        classes.sort();
    }
    classes.dedup();
    classes
}

/// What orders whole numbers of any length: how many digits they have, and the digits.
fn number(name: &str) -> Option<(usize, &str)> {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let digits = name.trim_start_matches('0');
    is_number.then_some((digits.len(), digits))
}

/// Two of `classes`, which are in order, that are one number, such as 1 and 01.
fn same_number(classes: &[String]) -> Option<(&str, &str)> {
    let all = classes.iter().all(|class| number(class).is_some());
    let pair = classes.windows(2).find(|two| all && number(&two[0]) == number(&two[1]))?;
    Some((&pair[0], &pair[1]))
}

/// Decodes the images in their order. Images that cannot be used are named together, since whoever mends one wants to know
/// of the others.
pub fn images(files: Vec<Content>) -> Result<Images, DataError> {
    let classes = in_order(files.iter().map(|file| class_of(&file.name).to_owned()).collect());
    let labels: HashMap<&str, u16> =
        (0..=u16::MAX).zip(&classes).map(|(label, class)| (class.as_str(), label)).collect();
    let folder = files.first().map(|file| file.path.clone()).unwrap_or_default();
    if classes.len() > MAX_CLASSES {
        return Err(DataError::TooManyClasses { path: folder, classes: classes.len() });
    }
    let (mut pictures, mut faults, mut bytes) = (Vec::with_capacity(files.len()), Vec::new(), 0);
    // Many at once, but not all: what there is is counted before more is decoded.
    for some in files.chunks(4 * rayon::current_num_threads()) {
        let decoded: Vec<_> =
            some.par_iter().map(|file| picture::decode(&file.bytes, &Wanted::default())).collect();
        for (file, decoded) in some.iter().zip(decoded) {
            match decoded {
                Ok(Decoded { picture, .. }) => {
                    bytes += picture.pixels.len() as u64;
                    images::check_size(&file.path, &[bytes])?;
                    pictures.push((file, picture));
                }
                Err(error) => faults.push(file.broken(picture::WHAT, error)),
            }
        }
    }
    let mut gathered = match usual(&pictures) {
        Some((file, picture)) => Gathering::like(picture, &file.path),
        None => Gathering::default(),
    };
    for (file, picture) in pictures {
        let label = labels.get(class_of(&file.name)).copied().unwrap_or_default();
        match gathered.push(&picture, label, &file.path) {
            Err(fault @ DataError::Mismatch { .. }) => faults.push(fault),
            other => other?,
        }
    }
    DataError::all(faults, files.len())?;
    drop(labels);
    gathered.finish(classes, &folder)
}

/// The first picture of the size and colour that most have: it is the others that do not fit.
fn usual<'a>(pictures: &'a [(&'a Content, Picture)]) -> Option<&'a (&'a Content, Picture)> {
    let mut counts: HashMap<[usize; 3], usize> = HashMap::new();
    for (_, picture) in pictures {
        *counts.entry(picture.shape()).or_default() += 1;
    }
    let most = counts.values().max()?;
    pictures.iter().find(|(_, picture)| counts[&picture.shape()] == *most)
}

/// The class in `class/file` or `set/class/file`.
fn class_of(name: &str) -> &str {
    name.rsplit('/').nth(1).unwrap_or_default()
}

/// Adds the images in the folder of a class, whose name in the dataset is `name`.
fn files_of(folder: &Path, name: &str, files: &mut Vec<Found>) -> Result<(), DataError> {
    let before = files.len();
    for (file, path) in entries(folder)? {
        if path.is_dir() {
            return Err(broken(path, FolderError::Nested));
        }
        if !has_ending(&path, &ENDINGS) {
            return Err(broken(path, FolderError::Ending));
        }
        files.push(Found { name: format!("{name}/{file}"), path });
    }
    if files.len() == before {
        return Err(DataError::NoSamples { path: folder.to_owned() });
    }
    Ok(())
}

fn folders_in(folder: &Path) -> Result<Vec<String>, DataError> {
    let inside = entries(folder)?.into_iter().filter(|(_, path)| path.is_dir());
    Ok(inside.map(|(name, _)| name).collect())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let cannot = |source| unreadable(folder, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().into_string().map_err(|_| broken(entry.path(), FolderError::Name))?;
        if !name.starts_with('.') && !LITTER.contains(&name.as_str()) {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}

fn broken(path: PathBuf, error: FolderError) -> DataError {
    DataError::Broken { path, what: picture::WHAT, source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::super::super::own::Own;
    use super::super::super::picture::tests::{grey, png};
    use super::*;
    use crate::data::Samples;

    /// A folder with grey images of one pixel: their paths and that pixel.
    fn folder(images: &[(&str, u8)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, pixel) in images {
            put(root.path(), path, &grey(1, 1, &[*pixel]));
        }
        root
    }

    fn put(root: &Path, path: &str, bytes: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn load(root: &Path) -> Result<Images, String> {
        Own::new("mine".into(), root.into())
            .load()
            .map(Samples::into_images)
            .map_err(|error| error.in_one_line())
    }

    const PETS: [(&str, u8); 4] = [("dog/b.png", 4), ("cat/10.PNG", 1), ("dog/a.png", 3), ("cat/9.png", 2)];

    #[test]
    fn classes_and_images_are_in_the_order_of_their_names() {
        let root = folder(&PETS);
        put(root.path(), "cat/.hidden", b"x");
        put(root.path(), "dog/Thumbs.db", b"x");
        put(root.path(), "README.md", b"x");
        put(root.path(), "__MACOSX/cat/._9.png", b"x");
        let images = load(root.path()).unwrap();
        assert_eq!((images.pixels, images.labels), (vec![1, 2, 3, 4], vec![0, 0, 1, 1]));
        assert_eq!(images.class_names, ["cat", "dog"]);
    }

    #[test]
    fn classes_that_are_whole_numbers_are_in_the_order_of_their_values() {
        let root = folder(&[("test/10/a.png", 9), ("test/9/a.png", 8), ("train/1/a.png", 7)]);
        for (path, pixel) in [("9/a", 5), ("10/a", 6), ("007/a", 4), ("1/b", 3), ("007/b", 2)] {
            put(root.path(), &format!("train/{path}.png"), &grey(1, 1, &[pixel]));
        }
        let images = load(root.path()).unwrap();
        assert_eq!(images.class_names, ["1", "007", "9", "10"]);
        assert_eq!(images.labels, [0, 0, 1, 1, 2, 3, 2, 3]);
        assert_eq!(images.pixels, [7, 3, 4, 2, 5, 6, 8, 9], "within each set by class");
        // One that is no number: all are texts.
        put(root.path(), "train/x/a.png", &grey(1, 1, &[0]));
        put(root.path(), "train/x/b.png", &grey(1, 1, &[0]));
        assert_eq!(load(root.path()).unwrap().class_names, ["007", "1", "10", "9", "x"]);

        let twice = folder(&[("01/a.png", 9), ("1/a.png", 8), ("2/a.png", 7)]);
        let error = load(twice.path()).unwrap_err();
        assert!(
            error.contains("/1 is not") && error.contains("a folder 01 too, which is the same"),
            "{error}"
        );
    }

    #[test]
    fn train_comes_before_test_and_classes_are_those_of_both() {
        let root = folder(&[("test/ant/a.png", 9), ("test/dog/a.png", 8), ("test/ant/b.png", 7)]);
        for (path, pixel) in PETS {
            put(root.path(), &format!("train/{path}"), &grey(1, 1, &[pixel]));
        }
        let images = load(root.path()).unwrap();
        assert_eq!((images.pixels, images.labels), (vec![1, 2, 3, 4, 9, 7, 8], vec![1, 1, 2, 2, 0, 0, 2]));
        assert_eq!(images.class_names, ["ant", "cat", "dog"]);
        let sources = Own::new("mine".into(), root.path().into()).sources().unwrap();
        assert_eq!((sources.len(), &*sources[0], &*sources[4]), (7, "train/cat/10.PNG", "test/ant/a.png"));
        // Without folders in it, train is a class.
        let vehicles = folder(&[("train/1.png", 1), ("train/2.png", 2), ("bus/1.png", 3), ("bus/2.png", 4)]);
        assert_eq!(load(vehicles.path()).unwrap().class_names, ["bus", "train"]);
    }

    #[test]
    fn the_identity_is_what_the_images_are_and_not_where_they_lie() {
        let identity = |root: &Path| Own::new("mine".into(), root.into()).identity().unwrap();
        let (one, other) = (folder(&PETS), folder(&PETS));
        assert_eq!(identity(one.path()), identity(other.path()));
        assert_eq!(identity(one.path()).len(), 1, "one sum, however many images");
        fs::rename(other.path().join("dog"), other.path().join("doggy")).unwrap();
        assert_ne!(identity(one.path()), identity(other.path()));
        let own = Own::new("mine".into(), one.path().into());
        own.identity().unwrap();
        put(one.path(), "cat/9.png", &grey(1, 1, &[7]));
        assert!(matches!(own.load(), Err(DataError::Changed { .. })));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused = |path: &str, bytes: &[u8], parts: [&str; 2]| {
            let root = folder(&PETS);
            put(root.path(), path, bytes);
            let error = load(root.path()).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{path}: {error}");
        };
        refused("dog/c.png", &grey(2, 1, &[1, 2]), ["dog/c.png", "1x1 grey, the other 2x1 grey"]);
        let colour = png(1, 1, png::ColorType::Rgb, png::BitDepth::Eight, &[1, 1, 1]);
        refused("dog/c.png", &colour, ["dog/c.png", "1x1 in colour"]);
        refused("dog/c.png", b"GIF89a", ["dog/c.png", "this GIF cannot be decoded"]);
        refused("dog/c.txt", b"GIF89a", ["dog/c.txt", "ends in none of .png, .jpg, .jpeg"]);
        refused("dog/more/c.png", b"", ["dog/more", "folder in the folder of a class"]);
        refused("emu/c.png", &grey(1, 1, &[1]), ["class 2 (emu)", "one sample"]);
        refused("emu/.keep", b"", ["emu", "holds no image"]);
    }

    #[test]
    fn all_that_do_not_fit_are_named_together() {
        let root = folder(&PETS);
        for number in 0..11 {
            put(root.path(), &format!("dog/x{number:02}.png"), b"GIF89a");
        }
        put(root.path(), "dog/c.png", &grey(2, 1, &[1, 2]));
        let error = Own::new("mine".into(), root.path().into()).load().unwrap_err();
        let text = error.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 12, "{text}");
        assert_eq!(lines[0], "12 of 16 images cannot be used");
        assert!(lines[1].contains("dog/x00.png") && lines[1].contains("this GIF cannot"), "{text}");
        assert_eq!(lines[11], "  and 2 more");
        let hint = error.hint().unwrap();
        assert!(hint.contains("to one size") && hint.contains("copy it anew"), "{hint}");

        // The first by name is the odd one.
        let root = folder(&PETS);
        put(root.path(), "cat/0.png", &grey(2, 1, &[1, 2]));
        let error = load(root.path()).unwrap_err();
        assert!(
            error.contains("cat/0.png do not go together: the one is 1x1 grey, the other 2x1"),
            "{error}"
        );
    }
}
