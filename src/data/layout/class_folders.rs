//! A folder of class folders of images, as they are or below train/, val/ and test/.
//!
//! In: a folder, or the bytes of the images. Out: the images' files, train first, then by class,
//! then by name; or images with their classes. Classes are the names of the folders: in the order of
//! their values if all are whole numbers, else of their bytes, so that it is the same everywhere. Must
//! not know: how an image is decoded.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Content, Found, has_ending, set_of};
use crate::data::DataError;
use crate::data::images::{self, Gathering, Picture};
use crate::data::labels::{self, Labels};
use crate::data::picture::{self, Decoded, ENDINGS, Turn, Wanted, turned};
use crate::data::reading::Reading;
use crate::data::samples::{Content as Samples, Rows, Set};

/// The images of a folder that has folders of them. Looks at names alone.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let inside = folders_in(folder)?;
    let (sets, others): (Vec<&String>, Vec<&String>) = inside.iter().partition(|name| set_of(name).is_some());
    let sets = match (sets.is_empty(), others.is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => {
            // One folder alone that has none of the images is around the data.
            if let [only] = others.as_slice()
                && !has_images(&folder.join(only))?
            {
                return Ok(None);
            }
            vec![String::new()]
        }
        (false, true) => in_order_of_sets(folder, sets)?,
        (false, false) => return Err(mixed(folder, &sets, &others)),
    };
    let mut of_sets = Vec::with_capacity(sets.len());
    for set in &sets {
        of_sets.push(folders_in(&folder.join(set))?);
    }
    let lacking: Vec<&str> = sets
        .iter()
        .zip(&of_sets)
        .filter(|(_, classes)| classes.is_empty())
        .map(|(set, _)| set.as_str())
        .collect();
    if !lacking.is_empty() {
        return Err(no_classes(folder, &lacking));
    }
    // The order is that of the classes of all sets.
    let classes = labels::in_order(of_sets.iter().flatten().cloned().collect());
    let mut files = Vec::new();
    let mut counts = vec![0; classes.len()];
    for (set, of_set) in sets.iter().zip(of_sets) {
        for (class, count) in classes.iter().zip(&mut counts).filter(|(class, _)| of_set.contains(class)) {
            let name = if set.is_empty() { class.clone() } else { format!("{set}/{class}") };
            *count += files_of(&folder.join(set).join(class), &name, &mut files)?;
        }
    }
    // It may be empty in one set, and not in all.
    match classes.iter().zip(counts).find(|(_, count)| *count == 0) {
        Some((class, _)) => Err(DataError::NoSamples { path: folder.join(&sets[0]).join(class) }),
        None => Ok(Some(files)),
    }
}

/// Whether a folder has folders of images of two classes at least.
pub fn has_classes(folder: &Path) -> bool {
    let Ok(Some(files)) = find(folder) else { return false };
    let mut classes = files.iter().map(|file| set_and_class(&file.name).1);
    let first = classes.next();
    classes.any(|class| Some(class) != first)
}

/// Folders of sets, each of a set of its own, train first.
fn in_order_of_sets(folder: &Path, found: Vec<&String>) -> Result<Vec<String>, DataError> {
    let mut sets: Vec<String> = Vec::new();
    for set in super::SETS {
        let mut own = found.iter().filter(|name| set_of(name) == Some(set));
        sets.extend(own.next().map(|name| (*name).clone()));
        if let Some(other) = own.next() {
            let one = sets.last().cloned().unwrap_or_default();
            let why = format!("{one}/ and {other}/ are both the set {set}");
            return Err(DataError::unfit(folder, why, "keep one of them, or name it as the dataset's path"));
        }
    }
    Ok(sets)
}

fn mixed(folder: &Path, sets: &[&String], others: &[&String]) -> DataError {
    let why = format!(
        "{} {} set{} of samples, and {} beside {} not",
        listed(sets),
        if sets.len() == 1 { "is a" } else { "are" },
        if sets.len() == 1 { "" } else { "s" },
        listed(others),
        if others.len() == 1 { "is" } else { "are" }
    );
    let hint = format!(
        "take {} away, or name the folder of class folders itself; a class that is called {} needs another name, such as {}s",
        listed(others),
        sets[0],
        sets[0]
    );
    DataError::unfit(folder, why, hint)
}

fn no_classes(folder: &Path, sets: &[&str]) -> DataError {
    let named: Vec<String> = sets.iter().map(|set| format!("{set}/")).collect();
    let are = if named.len() == 1 { "is a set" } else { "are sets" };
    let why = format!("{} {are} of samples, and there are no class folders below", named.join(" and "));
    let lists = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let lists: Vec<String> = lists
        .filter(|path| has_ending(path, &["csv", "tsv", "json", "txt", "xlsx"]))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let unread = if lists.is_empty() { String::new() } else { format!("; {} is not read", lists.join(", ")) };
    DataError::unfit(
        folder,
        why,
        format!("put each image into a folder of its class, as in train/cat/1.png{unread}"),
    )
}

/// Names of folders, as `a/, b/ and 3 more`.
fn listed(names: &[&String]) -> String {
    const NAMED: usize = 4;
    let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("{name}/")).collect();
    match names.len() - named.len() {
        0 => named.join(" and "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Decodes the images in their order. Images that cannot be used are named together, since whoever mends one wants to know
/// of the others.
pub fn rows(files: Vec<Content>, reading: &Reading) -> Result<Rows, DataError> {
    let folder = files.first().map(|file| file.path.clone()).unwrap_or_default();
    let (mut pictures, mut faults) = (Vec::with_capacity(files.len()), Vec::new());
    let (mut bytes, mut turns) = (0, 0);
    let (contents, wanted) =
        (files.iter().map(|file| file.bytes.as_slice()).collect::<Vec<_>>(), Wanted::by(reading));
    for (file, decoded) in files.iter().zip(picture::decode_each(&contents, &wanted)) {
        match decoded {
            Ok(Decoded { picture, turn }) => {
                bytes += picture.pixels.len() as u64;
                images::check_size(&file.path, &[bytes])?;
                turns += usize::from(turn != Turn::None);
                pictures.push((file, picture));
            }
            Err(error) => faults.push(file.broken(picture::WHAT, error)),
        }
    }
    let mut gathered = match usual(&pictures) {
        Some((file, picture)) => Gathering::like(picture, &file.path),
        None => Gathering::default(),
    };
    let (mut labels, mut sets) = (Labels::default(), Vec::<Set>::new());
    for (file, picture) in pictures {
        match gathered.push(&picture, &file.path) {
            Err(fault @ DataError::Mismatch { .. }) => faults.push(fault),
            other => other?,
        }
        let (set, class) = set_and_class(&file.name);
        labels.push_text(class);
        Set::count(&mut sets, set, 1);
    }
    DataError::all(faults, files.len())?;
    let content = Samples::Images(gathered.finish(&folder)?);
    Ok(Rows { content, labels, sets, texts: Vec::new(), notices: turned(turns).into_iter().collect() })
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

/// The set, if any, and the class in `class/file` or `set/class/file`, whatever folders are around.
fn set_and_class(name: &str) -> (&'static str, &str) {
    let mut parts = name.rsplit('/').skip(1);
    let class = parts.next().unwrap_or_default();
    (parts.next().and_then(set_of).unwrap_or_default(), class)
}

/// Adds the images in the folder of a class, whose name in the dataset is `name`; how many there are.
fn files_of(folder: &Path, name: &str, files: &mut Vec<Found>) -> Result<usize, DataError> {
    let before = files.len();
    for (file, path) in entries(folder)? {
        if path.is_dir() {
            let hint = "put the images of a class into its folder itself, or name a folder further down as the dataset's path";
            return Err(DataError::unfit(&path, "it is a folder in the folder of a class", hint));
        }
        if !has_ending(&path, &ENDINGS) {
            let why = format!("its name ends in none of .{}", ENDINGS.join(", ."));
            return Err(DataError::unfit(
                &path,
                why,
                "turn it into one of these if it is an image, or take it away",
            ));
        }
        files.push(Found { name: format!("{name}/{file}"), path });
    }
    Ok(files.len() - before)
}

fn has_images(folder: &Path) -> Result<bool, DataError> {
    Ok(entries(folder)?.iter().any(|(_, path)| has_ending(path, &ENDINGS)))
}

/// The folders in a folder. A link to nowhere may have been one.
fn folders_in(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut folders = Vec::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            folders.push(name);
        } else if let Ok(target) = fs::read_link(&path)
            && !path.exists()
            && path.extension().is_none()
        {
            let why = format!("it is a link to {}, which is not there", target.display());
            return Err(DataError::unfit(
                &path,
                why,
                "mend the link, or take it away (is the disk mounted?)",
            ));
        }
    }
    Ok(folders)
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let named = |path: PathBuf| match path.file_name().and_then(OsStr::to_str) {
        Some(name) => Ok((name.to_owned(), path)),
        None => Err(DataError::unfit(&path, "its name is not UTF-8", "give it another name")),
    };
    super::inside(folder)?.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::own::Own;
    use super::super::super::picture::tests::{grey, png};
    use super::*;
    use crate::data::{Reading, Samples};

    fn own(root: &Path) -> Own {
        Own::new("mine".into(), root.into(), Reading::default())
    }

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

    fn load(root: &Path) -> Result<Samples, String> {
        own(root).load().map_err(|error| error.in_one_line())
    }

    const PETS: [(&str, u8); 4] = [("dog/b.png", 4), ("cat/10.PNG", 1), ("dog/a.png", 3), ("cat/9.png", 2)];

    #[test]
    fn classes_and_images_are_in_the_order_of_their_names() {
        let root = folder(&PETS);
        put(root.path(), "cat/.hidden", b"x");
        put(root.path(), "dog/Thumbs.db", b"x");
        put(root.path(), "README.md", b"x");
        put(root.path(), "__MACOSX/cat/._9.png", b"x");
        put(root.path(), "@eaDir/x/y.png", b"x");
        let found = load(root.path()).unwrap();
        assert_eq!(
            (found.images().pixels.as_slice(), found.labels.as_slice()),
            (&[1, 2, 3, 4][..], &[0, 0, 1, 1][..])
        );
        assert_eq!(found.summary(), "2 classes: cat, dog; 4 samples; 1x1 grey");
    }

    #[test]
    fn classes_that_are_whole_numbers_are_in_the_order_of_their_values() {
        let root = folder(&[("test/10/a.png", 9), ("test/9/a.png", 8), ("train/1/a.png", 7)]);
        for (path, pixel) in [("9/a", 5), ("10/a", 6), ("007/a", 4), ("1/b", 3), ("007/b", 2)] {
            put(root.path(), &format!("train/{path}.png"), &grey(1, 1, &[pixel]));
        }
        let found = load(root.path()).unwrap();
        assert_eq!(found.class_names(), ["1", "007", "9", "10"]);
        assert_eq!(found.labels, [0, 0, 1, 1, 2, 3, 2, 3]);
        assert_eq!(found.images().pixels, [7, 3, 4, 2, 5, 6, 8, 9], "within each set by class");
        // One that is no number: all are texts.
        put(root.path(), "train/x/a.png", &grey(1, 1, &[0]));
        put(root.path(), "train/x/b.png", &grey(1, 1, &[0]));
        assert_eq!(load(root.path()).unwrap().class_names(), ["007", "1", "10", "9", "x"]);

        let twice = folder(&[("01/a.png", 9), ("1/a.png", 8), ("2/a.png", 7), ("2/b.png", 7)]);
        let error = load(twice.path()).unwrap_err();
        assert!(error.contains("the classes 01 and 1 are the same number"), "{error}");
    }

    #[test]
    fn an_array_beside_class_folders_is_passed_over_and_two_are_asked_about() {
        let root = folder(&PETS);
        put(root.path(), "embeddings.npy", b"damaged");
        assert_eq!(load(root.path()).unwrap().summary(), "2 classes: cat, dog; 4 samples; 1x1 grey");
        put(root.path(), "labels.npy", b"damaged");
        let error = own(root.path()).load().unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("class folders of images") && text.contains("embeddings.npy, labels.npy"),
            "{text}"
        );
        assert!(error.hint().unwrap().contains("embeddings.npy for the arrays"));
        // Arrays beside a folder of figures are the data, and these are damaged.
        let root = folder(&[("figures/a.png", 1)]);
        put(root.path(), "X.npy", b"damaged");
        put(root.path(), "y.npy", b"damaged");
        assert!(load(root.path()).unwrap_err().contains("NumPy"));
    }

    #[test]
    fn train_comes_before_test_and_classes_are_those_of_both() {
        let root = folder(&[("test/ant/a.png", 9), ("test/dog/a.png", 8), ("test/ant/b.png", 7)]);
        for (path, pixel) in PETS {
            put(root.path(), &format!("train/{path}"), &grey(1, 1, &[pixel]));
        }
        let found = load(root.path()).unwrap();
        assert_eq!(
            (found.images().pixels.as_slice(), found.labels.as_slice()),
            (&[1, 2, 3, 4, 9, 7, 8][..], &[1, 1, 2, 2, 0, 0, 2][..])
        );
        assert_eq!(found.summary(), "3 classes: ant, cat, dog; 4 train, 3 test; 1x1 grey");
        assert_eq!(found.rows, [0, 1, 2, 3, 0, 1, 2]);
        let sources = own(root.path()).sources().unwrap();
        assert_eq!((sources.len(), &*sources[0], &*sources[4]), (7, "train/cat/10.PNG", "test/ant/a.png"));
    }

    #[test]
    fn names_of_sets_are_never_classes() {
        for (images, parts) in [
            (&[("train/1.png", 1), ("bus/1.png", 3)][..], ["train/ is a set", "bus/ beside is not"]),
            (
                &[("Train/1.png", 1), ("TEST/1.png", 3)],
                ["Train/ and TEST/ are sets", "no class folders below"],
            ),
            (&[("train/a/1.png", 1), ("test/1.png", 3)], ["test/ is a set", "no class folders below"]),
            (&[("val/a/1.png", 1), ("valid/a/1.png", 3)], ["val/ and valid/", "both the set val"]),
        ] {
            let root = folder(images);
            put(root.path(), "labels.csv", b"file,label\n");
            let error = own(root.path()).load().unwrap_err();
            let text = error.in_one_line();
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
            assert!(error.hint().is_some_and(|hint| !hint.contains("PNG")));
        }
        let root = folder(&[
            ("Training/a/1.png", 1),
            ("Training/b/1.png", 2),
            ("testing/b/1.png", 3),
            ("testing/a/1.png", 4),
        ]);
        fs::create_dir(root.path().join("testing/c")).unwrap();
        put(root.path(), "Training/c/1.png", &grey(1, 1, &[5]));
        put(root.path(), "Training/c/2.png", &grey(1, 1, &[6]));
        assert_eq!(load(root.path()).unwrap().summary(), "3 classes: a, b, c; 4 train, 2 test; 1x1 grey");
    }

    #[test]
    fn data_in_a_folder_of_a_folder_are_found() {
        let root = tempfile::tempdir().unwrap();
        for (path, pixel) in PETS {
            put(root.path(), &format!("pets/images/{path}"), &grey(1, 1, &[pixel]));
        }
        put(root.path(), "README.md", b"x");
        let found = load(root.path()).unwrap();
        assert_eq!(found.summary(), "2 classes: cat, dog; 4 samples; 1x1 grey");
        assert!(found.notices[0].contains("pets/images"), "{:?}", found.notices);
        let sources = own(root.path()).sources().unwrap();
        assert_eq!(sources[0], "pets/images/cat/10.PNG");
        let alone = folder(&[("cat/1.png", 1), ("cat/2.png", 2)]);
        assert!(load(alone.path()).unwrap_err().contains("one class only, \"cat\""));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nowhere_beside_class_folders_is_named_with_its_target() {
        let root = folder(&PETS);
        std::os::unix::fs::symlink("/mnt/gone/wasp", root.path().join("wasp")).unwrap();
        let error = load(root.path()).unwrap_err();
        assert!(error.contains("wasp: it is a link to /mnt/gone/wasp, which is not there"), "{error}");
    }

    #[test]
    fn the_identity_is_what_the_images_are_and_not_where_they_lie() {
        let identity = |root: &Path| own(root).identity().unwrap();
        let (one, other) = (folder(&PETS), folder(&PETS));
        assert_eq!(identity(one.path()), identity(other.path()));
        assert_eq!(identity(one.path()).len(), 2, "one sum, however many images, and the reader's version");
        fs::rename(other.path().join("dog"), other.path().join("doggy")).unwrap();
        assert_ne!(identity(one.path()), identity(other.path()));
        let own = own(one.path());
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
        let error = own(root.path()).load().unwrap_err();
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
