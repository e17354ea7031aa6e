//! Where a published dataset's files may lie on this machine, and whether they do.
//!
//! In: a dataset and the folders that the user, the project and the system have for such files.
//! Out: the paths of all files, or why there are none. Looks at names, and into one small file at
//! most. Must not know: how a file is checked, the network.

use std::path::{Path, PathBuf};

use super::known::Published;
use super::{Attempt, DataError, Dataset, Origin, Why, layout, read, unpacked};

/// The folders that datasets are looked for in, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// `HSPIPE_DATA`: looked for are `NAME/raw`, `NAME` and the folder itself. `NAME` is the dataset's, or what several
    /// are called together, as `EMNIST`.
    pub user: Option<PathBuf>,
    /// The project's `data`: `NAME/raw`, as torchvision lays it out.
    pub project: PathBuf,
    /// Where Debian's packages put datasets: `/usr/share/datasets`.
    pub system: PathBuf,
}

impl Folders {
    /// As the environment says; `project_root` is the folder of pipeline.yaml.
    pub fn from_env(project_root: &Path) -> Self {
        Self {
            user: std::env::var_os("HSPIPE_DATA").filter(|v| !v.is_empty()).map(PathBuf::from),
            project: project_root.join("data"),
            system: PathBuf::from("/usr/share/datasets"),
        }
    }

    /// Where a fetch puts the files. It is the first of [`Self::candidates`], so that what was
    /// fetched is what a load then takes.
    pub(super) fn destination(&self, published: &Published) -> PathBuf {
        self.user.as_ref().unwrap_or(&self.project).join(published.folder).join("raw")
    }

    /// The folders that may hold this dataset, best first. What is published as an archive may lie
    /// there unpacked too, in the archive's own folder.
    pub(super) fn candidates(&self, published: &Published) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Some(user) = &self.user {
            let named = user.join(published.folder);
            folders.extend([named.join("raw"), named, user.clone()]);
        }
        folders.push(self.project.join(published.folder).join("raw"));
        if let Some(archive) = &published.archive {
            folders = folders.into_iter().flat_map(|f| [f.clone(), f.join(archive.folder)]).collect();
        }
        let package = published.package.as_ref();
        folders.extend(package.and_then(|p| p.system_folder()).map(|folder| self.system.join(folder)));
        folders
    }

    /// The dataset's archives in the folders that may hold it.
    pub(super) fn archives(&self, published: &Published) -> Vec<PathBuf> {
        let Some(archive) = &published.archive else { return Vec::new() };
        let paths = self.candidates(published).into_iter().map(|folder| folder.join(archive.name));
        paths.filter(|path| path.is_file()).collect()
    }
}

/// Whether a dataset is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// All files exist; their content was not checked.
    Found {
        /// Their folder, or their path.
        place: String,
    },
    /// Some file is missing.
    Absent {
        /// Archives, addresses and packages that a fetch would try; empty for a dataset at a path.
        could_come_from: Vec<String>,
    },
}

/// Looks whether the files exist. Reads one small file at most, so it costs next to nothing.
pub fn locate(dataset: &Dataset, folders: &Folders) -> Whereabouts {
    let (place, could_come_from) = match &dataset.origin {
        Origin::Own(own) => (layout::find(own.path()).map(|_| own.path().to_owned()), Vec::new()),
        Origin::Published(published) => {
            let archives = folders.archives(published).into_iter().map(|path| path.display().to_string());
            let mirrors = published.mirrors.iter().map(|&url| url.to_owned());
            let package = published.package.as_ref().map(ToString::to_string);
            (
                complete(published, folders).map(|(_, folder)| folder),
                archives.chain(mirrors).chain(package).collect(),
            )
        }
    };
    match place {
        Ok(place) => Whereabouts::Found { place: place.display().to_string() },
        Err(_) => Whereabouts::Absent { could_come_from },
    }
}

/// The first folder that holds all files, and their paths in the dataset's order.
pub(super) fn complete(
    published: &Published,
    folders: &Folders,
) -> Result<(Vec<PathBuf>, PathBuf), DataError> {
    let mut unchecked = None;
    let mut tried = Vec::new();
    for folder in folders.candidates(published) {
        let nameless = folders.user.as_ref() == Some(&folder);
        let found = files_in(published, &folder).and_then(|files| {
            // All datasets of a layout name their files alike, so in the user's folder itself only
            // their content says whose they are: that of the last file, the smallest. Such a folder
            // promises no particular dataset: what is not this one's is passed over there, with the
            // reason kept, where a folder NAME would be wrong.
            if let (true, Some(last)) = (nameless, files.last()) {
                read::file(published, files.len() - 1, last)?;
            }
            Ok(files)
        });
        match found {
            Ok(files) => return Ok((files, folder)),
            Err(Why::Wrong(error)) if !nameless => unchecked = unchecked.or(Some(*error)),
            Err(why) => {
                tried.push(Attempt { place: folder.display().to_string(), why: why.within(&folder) });
            }
        }
    }
    Err(unchecked.unwrap_or_else(|| DataError::NotHere { name: published.name.to_owned(), tried }))
}

/// The files in this folder, each in the form to be read, or why it does not have them.
pub(super) fn files_in(published: &Published, folder: &Path) -> Result<Vec<PathBuf>, Why> {
    let mut files = Vec::with_capacity(published.files.len());
    let mut missing = Vec::new();
    for (file, known) in published.files.iter().enumerate() {
        match forms(published, file, folder).into_iter().next() {
            Some(path) => files.push(path),
            None => missing.push((file, known.name)),
        }
    }
    if missing.is_empty() {
        return match (published.checked_archive(), files.first()) {
            (Some(archive), Some(path)) if unpacked::sum(published, 0, folder).is_none() => {
                let (name, path) = (published.name.to_owned(), path.clone());
                Err(DataError::NeedsArchive { name, path, archive: archive.name }.into())
            }
            _ => Ok(files),
        };
    }
    for &(file, name) in &missing {
        let path = folder.join(name);
        if published.needs(file).is_some() && path.is_file() {
            let (name, needed) = (published.name.to_owned(), published.compressed_name(file));
            return Err(DataError::NeedsCompressed { name, path, needed }.into());
        }
    }
    if !folder.is_dir() {
        return Err(Why::NoFolder);
    }
    if files.is_empty() {
        return Err(Why::NoneOfTheFiles);
    }
    Err(Why::Lacks(missing.into_iter().map(|(_, name)| name).collect()))
}

/// The files in this folder that may serve as the file of this index, best first: unpacked, then
/// compressed; only compressed where only that can be checked.
pub(super) fn forms(published: &Published, file: usize, folder: &Path) -> Vec<PathBuf> {
    let Some(known) = published.files.get(file) else { return Vec::new() };
    let raw = published.needs(file).is_none().then(|| folder.join(known.name));
    let compressed = folder.join(published.compressed_name(file));
    raw.into_iter().chain([compressed]).filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::super::known;
    use super::super::layout::{cifar, idx::FILES};
    use super::*;
    use std::fs;

    fn published(name: &str) -> &'static Published {
        known::published().find(|published| published.name == name).unwrap()
    }

    fn put(folder: &Path, ending: &str) {
        fs::create_dir_all(folder).unwrap();
        FILES.iter().for_each(|name| fs::write(folder.join(format!("{name}{ending}")), "").unwrap());
    }

    #[test]
    fn the_users_folder_comes_first_then_the_projects_then_the_systems() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let folders = Folders {
            user: Some(root.join("user")),
            project: root.join("data"),
            system: root.join("system"),
        };
        let place = |name| match locate(&find(name).unwrap(), &folders) {
            Whereabouts::Found { place } => PathBuf::from(place).strip_prefix(root).unwrap().to_owned(),
            Whereabouts::Absent { could_come_from } => could_come_from.join(" ").into(),
        };
        let sources = place("FashionMNIST").display().to_string();
        assert!(sources.ends_with("amazonaws.com/ Debian package dataset-fashion-mnist"), "{sources}");
        let worst_first =
            ["system/fashion-mnist", "data/FashionMNIST/raw", "user/FashionMNIST", "user/FashionMNIST/raw"];
        for folder in worst_first {
            put(&root.join(folder), ".gz");
            assert_eq!(place("FashionMNIST"), Path::new(folder));
        }
        assert_eq!(folders.destination(published("FashionMNIST")), root.join("user/FashionMNIST/raw"));
    }

    #[test]
    fn another_datasets_files_in_the_users_own_folder_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let user = root.path().join("user");
        let folders =
            Folders { user: Some(user.clone()), project: root.path().join("data"), system: "none".into() };
        put(&user, "");
        for name in ["MNIST", "KMNIST"] {
            let error = complete(published(name), &folders).unwrap_err();
            assert!(matches!(error, DataError::NotHere { .. }), "{error}");
            let project = folders.project.join(name).join("raw");
            put(&project, ".gz");
            assert_eq!(complete(published(name), &folders).unwrap().1, project);
        }
    }

    #[test]
    fn what_is_missing_is_told_per_folder() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders { user: None, project: root.path().join("data"), system: "none".into() };
        let raw = root.path().join("data/MNIST/raw");
        put(&raw, "");
        fs::remove_file(raw.join(FILES[2])).unwrap();
        let error = complete(published("MNIST"), &folders).unwrap_err();
        assert!(error.is_absent() && error.to_string().contains("lacks t10k-images-idx3-ubyte"), "{error}");

        put(&root.path().join("data/KMNIST/raw"), "");
        let error = complete(published("KMNIST"), &folders).unwrap_err();
        assert!(error.is_absent() && matches!(error, DataError::NeedsCompressed { .. }), "{error}");
    }

    #[test]
    fn cifar10_is_found_in_the_folder_of_its_archive() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders { user: None, project: root.path().join("data"), system: "none".into() };
        let raw = root.path().join("data/CIFAR10/raw");
        fs::create_dir_all(&raw).unwrap();
        fs::write(raw.join("cifar-10-binary.tar.gz"), "").unwrap();
        let Whereabouts::Absent { could_come_from } = locate(&find("CIFAR10").unwrap(), &folders) else {
            panic!("it is found")
        };
        assert!(could_come_from[0].ends_with("CIFAR10/raw/cifar-10-binary.tar.gz"), "{could_come_from:?}");
        assert_eq!(could_come_from[1], "https://www.cs.toronto.edu/~kriz/");
        let unpacked = raw.join("cifar-10-batches-bin");
        fs::create_dir_all(&unpacked).unwrap();
        cifar::FILES.iter().for_each(|name| fs::write(unpacked.join(name), "").unwrap());
        assert_eq!(complete(published("CIFAR10"), &folders).unwrap().1, unpacked);
    }
}
