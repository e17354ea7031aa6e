//! Where a dataset's files may lie on this machine, and whether they do.
//!
//! In: a dataset and the folders that the user, the project and the system have for such files.
//! Out: four paths, or why there are none. Looks at names, and into one small file at most. Must
//! not know: how a file is checked, the network.

use std::path::{Path, PathBuf};

use super::{Attempt, COUNT, DataError, Dataset, FILES, Origin, read};

/// The folders that datasets are looked for in, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// `HSPIPE_DATA`: looked for are `NAME/raw`, `NAME` and the folder itself.
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
    pub fn destination(&self, dataset: &Dataset) -> PathBuf {
        self.user.as_ref().unwrap_or(&self.project).join(dataset.name()).join("raw")
    }

    /// The folders that may hold this dataset, best first.
    pub(super) fn candidates(&self, dataset: &Dataset) -> Vec<PathBuf> {
        let package = match &dataset.origin {
            Origin::Folder { path, .. } => return vec![path.clone()],
            Origin::Published { package, .. } => package,
        };
        let mut folders = Vec::new();
        if let Some(user) = &self.user {
            let named = user.join(dataset.name());
            folders.extend([named.join("raw"), named, user.clone()]);
        }
        folders.push(self.project.join(dataset.name()).join("raw"));
        folders
            .extend(package.as_ref().and_then(|p| p.system_folder()).map(|folder| self.system.join(folder)));
        folders
    }
}

/// Whether a dataset is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// All four files exist; their content was not checked.
    Found {
        /// In the order of [`FILES`].
        files: [PathBuf; COUNT],
        /// Their folder.
        place: String,
    },
    /// Some file is missing.
    Absent {
        /// Addresses and packages that a fetch would try; empty for a dataset at a path.
        could_come_from: Vec<String>,
    },
}

/// Looks whether the files exist. Reads one small file at most, so it costs next to nothing.
pub fn locate(dataset: &Dataset, folders: &Folders) -> Whereabouts {
    match complete(dataset, folders) {
        Ok((files, folder)) => Whereabouts::Found { files, place: folder.display().to_string() },
        Err(_) => {
            let could_come_from = match &dataset.origin {
                Origin::Folder { .. } => Vec::new(),
                Origin::Published { mirrors, package, .. } => {
                    let mirrors = mirrors.iter().map(|&url| url.to_owned());
                    mirrors.chain(package.as_ref().map(ToString::to_string)).collect()
                }
            };
            Whereabouts::Absent { could_come_from }
        }
    }
}

/// The first folder that holds all four files, and their paths.
pub(super) fn complete(
    dataset: &Dataset,
    folders: &Folders,
) -> Result<([PathBuf; COUNT], PathBuf), DataError> {
    let mut unchecked = None;
    let mut tried = Vec::new();
    for folder in folders.candidates(dataset) {
        let nameless = folders.user.as_ref() == Some(&folder);
        let found = files_in(dataset, &folder).and_then(|files| {
            if nameless {
                read::file(dataset, SMALLEST, &files[SMALLEST])?;
            }
            Ok(files)
        });
        match found {
            Ok(files) => return Ok((files, folder)),
            Err(DataError::NotHere { tried: why, .. }) => tried.extend(why),
            Err(error) if nameless => {
                tried.push(Attempt { place: folder.display().to_string(), why: error.why_not(&folder) });
            }
            Err(error) => unchecked = unchecked.or(Some(error)),
        }
    }
    Err(unchecked.unwrap_or_else(|| not_here(dataset, tried)))
}

/// The test labels, 10 kB. All datasets name their files alike, so in the user's folder itself only
/// their content says whose they are. Such a folder promises no particular dataset: what is not
/// this one's is passed over there, with the reason kept, where a folder NAME would be wrong.
const SMALLEST: usize = 3;

/// The four files in this folder, each in the form to be read.
pub(super) fn files_in(dataset: &Dataset, folder: &Path) -> Result<[PathBuf; COUNT], DataError> {
    let mut files = Vec::with_capacity(COUNT);
    let mut missing = Vec::new();
    for (file, name) in FILES.iter().enumerate() {
        match forms(dataset, file, folder).into_iter().next() {
            Some(path) => files.push(path),
            None => missing.push((file, *name)),
        }
    }
    if let Ok(files) = files.try_into() {
        return Ok(files);
    }
    for &(file, name) in &missing {
        let path = folder.join(name);
        if dataset.needs_gz(file) && path.is_file() {
            return Err(DataError::NeedsGz { name: dataset.name().to_owned(), path, file: name });
        }
    }
    let why = match missing.as_slice() {
        _ if !folder.is_dir() => "no such folder".to_owned(),
        all if all.len() == COUNT => "has none of the files".to_owned(),
        some => format!("lacks {}", some.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")),
    };
    Err(not_here(dataset, vec![Attempt { place: folder.display().to_string(), why }]))
}

/// The files in this folder that may serve as the file of this index, best first: unpacked, then
/// gzipped; only gzipped where only that can be checked.
pub(super) fn forms(dataset: &Dataset, file: usize, folder: &Path) -> Vec<PathBuf> {
    let raw = folder.join(FILES[file]);
    let gz = folder.join(format!("{}.gz", FILES[file]));
    let raw = (!dataset.needs_gz(file)).then_some(raw);
    raw.into_iter().chain([gz]).filter(|path| path.is_file()).collect()
}

fn not_here(dataset: &Dataset, tried: Vec<Attempt>) -> DataError {
    DataError::NotHere { name: dataset.name().to_owned(), tried, fetchable: dataset.is_published() }
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;
    use std::fs;

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
        let dataset = find("FashionMNIST").unwrap();
        let place = |name| match locate(find(name).unwrap(), &folders) {
            Whereabouts::Found { place, .. } => PathBuf::from(place).strip_prefix(root).unwrap().to_owned(),
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
        assert_eq!(folders.destination(dataset), root.join("user/FashionMNIST/raw"));
    }

    #[test]
    fn another_datasets_files_in_the_users_own_folder_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let user = root.path().join("user");
        let folders =
            Folders { user: Some(user.clone()), project: root.path().join("data"), system: "none".into() };
        put(&user, "");
        for name in ["MNIST", "KMNIST"] {
            let error = complete(find(name).unwrap(), &folders).unwrap_err();
            assert!(matches!(error, DataError::NotHere { .. }), "{error}");
            let project = folders.project.join(name).join("raw");
            put(&project, ".gz");
            assert_eq!(complete(find(name).unwrap(), &folders).unwrap().1, project);
        }
    }

    #[test]
    fn what_is_missing_is_told_per_folder() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders { user: None, project: root.path().join("data"), system: "none".into() };
        let raw = root.path().join("data/MNIST/raw");
        put(&raw, "");
        fs::remove_file(raw.join(FILES[2])).unwrap();
        let error = complete(find("MNIST").unwrap(), &folders).unwrap_err();
        assert!(error.is_absent() && error.to_string().contains("lacks t10k-images-idx3-ubyte"), "{error}");

        put(&root.path().join("data/KMNIST/raw"), "");
        let error = complete(find("KMNIST").unwrap(), &folders).unwrap_err();
        assert!(error.is_absent() && matches!(error, DataError::NeedsGz { .. }), "{error}");
    }
}
