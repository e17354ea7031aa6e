//! What lies in a cache, and what of it no run on record needs any longer.
//!
//! In: [`Store`] and how much to keep. Out: [`Survey`], [`Garbage`]. A run needs the records of its
//! tasks' keys and the objects that these name. Records that no run lists are those of a run that
//! was killed, perhaps of another project: they are kept for when it goes on. Whoever removes
//! garbage must be alone in the cache: see [`crate::presence`].

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::away::Folder;
use crate::digest::Digest;
use crate::history::{self, End};
use crate::key::TaskKey;
use crate::store::Store;

/// A file and its size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// The files of a cache by what they are.
#[derive(Debug, Default)]
pub struct Survey {
    /// Tables, by the digests of their bytes.
    pub objects: Vec<(Digest, CacheFile)>,
    /// Records, by the keys of their tasks.
    pub records: Vec<(TaskKey, CacheFile)>,
    /// What was asked of each run and what it left.
    pub runs: Vec<CacheFile>,
    /// The states of tasks that were cut off or are being computed, and failures that last.
    pub checkpoints: Vec<(TaskKey, CacheFile)>,
    /// Damaged files that were set aside, files that a kill left half written, and whatever else
    /// lies about.
    pub leftovers: Vec<CacheFile>,
}

/// Looks at every file's name and size; reads none.
///
/// # Errors
/// A folder that cannot be read.
pub fn survey(store: &Store) -> io::Result<Survey> {
    let mut survey = Survey::default();
    for (folder, name, item) in in_folders(&store.root().join("objects"))? {
        match Digest::from_hex(&format!("{folder}{name}")) {
            Some(digest) => survey.objects.push((digest, item)),
            None => survey.leftovers.push(item),
        }
    }
    for (folder, name, item) in in_folders(&store.root().join("records"))? {
        let key = name.strip_suffix(".json").and_then(|name| TaskKey::from_hex(&format!("{folder}{name}")));
        match key {
            Some(key) => survey.records.push((key, item)),
            None => survey.leftovers.push(item),
        }
    }
    for (name, item) in files(&store.root().join("runs"))? {
        let is_run = name.strip_suffix(".json").is_some_and(|name| name.parse::<u64>().is_ok());
        if is_run { survey.runs.push(item) } else { survey.leftovers.push(item) }
    }
    let checkpoints = store.root().join("checkpoints");
    for (name, item) in if checkpoints.exists() { files(&checkpoints)? } else { Vec::new() } {
        match TaskKey::from_hex(name.strip_suffix(".failed").unwrap_or(&name)) {
            Some(key) => survey.checkpoints.push((key, item)),
            None => survey.leftovers.push(item),
        }
    }
    survey.checkpoints.sort();
    survey.objects.sort();
    survey.records.sort();
    survey.runs.sort();
    survey.leftovers.sort();
    Ok(survey)
}

impl Survey {
    /// The size of all files together.
    pub fn bytes(&self) -> u64 {
        let objects = self.objects.iter().map(|(_, item)| item.bytes);
        let records = self.records.iter().map(|(_, item)| item.bytes);
        let checkpoints = self.checkpoints.iter().map(|(_, item)| item);
        let others = self.runs.iter().chain(&self.leftovers).chain(checkpoints).map(|item| item.bytes);
        objects.chain(records).chain(others).sum()
    }
}

/// How much to keep.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Whatever is younger than that: others may be about to need it.
    pub younger: Duration,
    /// The newest runs, at least one.
    pub runs: usize,
    /// Fewer of them, but the newest, if their objects take more than that.
    pub bytes: Option<u64>,
}

/// What may be removed.
#[derive(Debug, Default)]
pub struct Garbage {
    /// Runs first, then records, then objects: at any moment what is on record is there.
    pub items: Vec<CacheFile>,
    /// How many of the items are objects.
    pub objects: usize,
    /// How many of them are runs.
    pub runs: usize,
    /// Runs that stay, and the bytes of their objects.
    pub kept_runs: usize,
    /// How many bytes the objects of the runs that stay take.
    pub kept_bytes: u64,
}

impl Garbage {
    /// The size of all items together.
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    /// # Errors
    /// A file that cannot be removed.
    pub fn remove(&self) -> Result<(), (PathBuf, io::Error)> {
        for item in &self.items {
            match fs::remove_file(&item.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err((item.path.clone(), error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What no kept run needs.
///
/// # Errors
/// A folder that cannot be read.
pub fn garbage(store: &Store, keep: Keep) -> io::Result<Garbage> {
    let survey = survey(store)?;
    let (mut keys, mut digests): (HashSet<TaskKey>, HashSet<Digest>) = Default::default();
    let (mut garbage, mut kept_files, mut on_record) = (Garbage::default(), HashSet::new(), HashSet::new());
    let (mut is_enough, mut has_ended) = (false, false);
    for (path, run) in history::files_newest_first(store) {
        let new: Vec<TaskKey> = run.keys.values().filter(|key| !keys.contains(key)).copied().collect();
        let outputs: Vec<_> =
            new.iter().filter_map(|key| store.record(key)).flat_map(|r| r.outputs).collect();
        let is_kept = if run.end == End::Open {
            // Until a later run has taken over what it began with.
            let is_over = has_ended && run.keys.values().all(|key| on_record.contains(key));
            !is_over && !is_old(&path)
        } else {
            has_ended = true;
            let mut seen = HashSet::new();
            let of_run = outputs.iter().filter(|o| !digests.contains(&o.digest) && seen.insert(o.digest));
            let bytes: u64 = of_run.map(|output| output.bytes).sum();
            let is_too_much = keep.bytes.is_some_and(|most| garbage.kept_bytes + bytes > most);
            is_enough |= garbage.kept_runs > 0 && (garbage.kept_runs >= keep.runs || is_too_much);
            if !is_enough {
                garbage.kept_runs += 1;
                garbage.kept_bytes += bytes;
            }
            !is_enough
        };
        on_record.extend(run.keys.into_values());
        if is_kept {
            keys.extend(new);
            digests.extend(outputs.iter().map(|output| output.digest));
            kept_files.insert(path);
        }
    }
    for (key, item) in survey.records.iter().filter(|(key, _)| !on_record.contains(key)) {
        if let Some(record) = store.record(key).filter(|_| !is_old(&item.path)) {
            keys.insert(*key);
            digests.extend(record.outputs.iter().map(|output| output.digest));
        }
    }
    for folder in Folder::all(store) {
        // What packs on their way read; and folders of packs to which nobody has come back.
        let packs = folder.packs().into_iter().filter_map(|number| folder.pack(number));
        let inputs = packs.flat_map(|pack| pack.tasks).flat_map(|task| task.manifest.inputs.into_values());
        digests.extend(inputs.flatten().map(|table| table.digest));
        let files = in_folders(folder.path())?.into_iter().map(|(_, _, item)| item);
        let files: Vec<CacheFile> = files.collect();
        if files.iter().all(|item| is_old(&item.path)) {
            garbage.items.extend(files);
        }
    }
    let runs: Vec<CacheFile> =
        survey.runs.into_iter().filter(|item| !kept_files.contains(&item.path)).collect();
    let records = survey.records.into_iter().filter(|(key, _)| !keys.contains(key)).map(|(_, item)| item);
    let objects: Vec<CacheFile> = survey
        .objects
        .into_iter()
        .filter(|(digest, _)| !digests.contains(digest))
        .map(|(_, item)| item)
        .collect();
    (garbage.runs, garbage.objects) = (runs.len(), objects.len());
    let checkpoints = survey.checkpoints.into_iter().filter(|(key, item)| is_past(store, key, item));
    let checkpoints = checkpoints.map(|(_, item)| item);
    let is_left = |item: &CacheFile| keep.younger.is_zero() || is_older(&item.path, keep.younger);
    let unneeded = runs.into_iter().chain(records).chain(objects).chain(checkpoints).chain(survey.leftovers);
    garbage.items.extend(unneeded.filter(is_left));
    Ok(garbage)
}

/// Nobody comes back to what was cut off so long ago.
const CUT_OFF_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Whether a file was written so long ago.
fn is_old(path: &Path) -> bool {
    is_older(path, CUT_OFF_LASTS)
}

/// Whether a file was written longer ago than that. One from the future, by a clock that was set
/// back, is a new one.
fn is_older(path: &Path, than: Duration) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    written.and_then(|written| written.elapsed().ok()).is_some_and(|age| age > than)
}

/// Whether a checkpoint may go: its task is done, or nobody has come back to it for long.
fn is_past(store: &Store, key: &TaskKey, item: &CacheFile) -> bool {
    store.record(key).is_some() || is_old(&item.path)
}

/// The files in the folders of a folder, each with the name of its folder and its own. What lies
/// beside the folders has an empty one.
fn in_folders(root: &Path) -> io::Result<Vec<(String, String, CacheFile)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let folder = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let files = files(&entry.path())?.into_iter();
            found.extend(files.map(|(name, item)| (folder.clone(), name, item)));
        } else {
            let item = CacheFile { bytes: entry.metadata()?.len(), path: entry.path() };
            found.push((String::new(), folder, item));
        }
    }
    Ok(found)
}

fn files(folder: &Path) -> io::Result<Vec<(String, CacheFile)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // It may be gone by now: another process renames its temporary files.
        if let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push((name, CacheFile { path: entry.path(), bytes: metadata.len() }));
        }
    }
    Ok(found)
}
