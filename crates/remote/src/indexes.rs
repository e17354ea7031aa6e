//! The indexes of a cache elsewhere, of which this machine keeps copies.
//!
//! In: a bucket, the folder of the copies, whose signatures count. Out: each index with its entries.
//! One list of names, and the indexes that are new. An index never changes, since its name is the
//! digest of its bytes.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use hspipe_engine::key::Digest;
use hspipe_engine::store::write_whole;

use crate::bucket::Bucket;
use crate::error::RemoteError;
use crate::index::{self, Entry};
use crate::sign::{self, Signer};

/// The folder of indexes.
pub const FOLDER: &str = "v1/index";

const ENDING: &str = ".parquet";
const SIGNATURE: &str = ".sig";

/// How many are fetched at once.
const AT_ONCE: usize = 8;

/// An index as it was listed, and whose signature it bears.
#[derive(Clone, Debug)]
pub struct Name {
    /// Of its bytes.
    pub digest: Digest,
    /// Their number.
    pub bytes: u64,
    /// When it was put there.
    pub at: SystemTime,
    /// The public keys of those who signed it, by what the names of signatures say.
    pub signers: Vec<String>,
}

/// The object of an index.
pub fn object(digest: &Digest) -> String {
    format!("{FOLDER}/{digest}{ENDING}")
}

/// The object of an index's signature.
pub fn signature(digest: &Digest, public: &str) -> String {
    format!("{FOLDER}/{digest}.{public}{SIGNATURE}")
}

/// The indexes that are there now.
///
/// # Errors
/// The bucket cannot be listed.
pub fn list(bucket: &Bucket) -> Result<Vec<Name>, RemoteError> {
    let (mut names, mut signers): (Vec<Name>, BTreeMap<Digest, Vec<String>>) = Default::default();
    for item in bucket.list(FOLDER)? {
        if let Some(digest) = item.name.strip_suffix(ENDING).and_then(Digest::from_hex) {
            names.push(Name { digest, bytes: item.bytes, at: item.at, signers: Vec::new() });
        } else if let Some((digest, public)) =
            item.name.strip_suffix(SIGNATURE).and_then(|name| name.split_once('.'))
            && let Some(digest) = Digest::from_hex(digest)
        {
            signers.entry(digest).or_default().push(public.to_string());
        }
    }
    for name in &mut names {
        name.signers = signers.remove(&name.digest).unwrap_or_default();
    }
    names.sort_by_key(|name| name.digest);
    Ok(names)
}

/// Puts an index there and keeps a copy; whoever signs does so first.
///
/// # Errors
/// The bucket cannot be written in.
pub fn put(
    bucket: &Bucket,
    copies: &Path,
    entries: &[Entry],
    signer: Option<&Signer>,
) -> Result<Digest, RemoteError> {
    let bytes = index::write(entries)?;
    let digest = Digest::of(&bytes);
    if let Some(signer) = signer {
        bucket.put(&signature(&digest, &signer.public()), signer.sign(&digest))?;
    }
    bucket.put(&object(&digest), bytes.clone())?;
    // Without it the next run fetches it.
    let _ = write_whole(&copies.join(file(&digest)), &bytes);
    Ok(digest)
}

/// The indexes of a bucket and what came of reading them.
#[derive(Default)]
pub struct Loaded {
    /// Each that could be read.
    pub indexes: Vec<(Digest, Vec<Entry>)>,
    /// How many bear no good signature of those who are trusted.
    pub untrusted: usize,
    /// Those whose bytes are not what their names say, or no index.
    pub damaged: Vec<Digest>,
}

/// The indexes of these names, from their copies as far as there are any. Where `trust` names keys,
/// those that bear no signature of them are passed over.
///
/// # Errors
/// An index cannot be fetched.
pub fn load(bucket: &Bucket, copies: &Path, names: &[Name], trust: &[String]) -> Result<Loaded, RemoteError> {
    let mut loaded = Loaded::default();
    for chunk in names.chunks(AT_ONCE) {
        let read = |name: &Name| -> Result<Read, RemoteError> {
            if !is_trusted(bucket, copies, name, trust)? {
                return Ok(Read::Untrusted);
            }
            let bytes =
                copy(bucket, copies, &object(&name.digest), &file(&name.digest), name.bytes, |bytes| {
                    Digest::of(bytes) == name.digest
                })?;
            Ok(bytes.and_then(index::read).map_or(Read::Damaged(name.digest), |e| Read::Good(name.digest, e)))
        };
        let results: Vec<Result<Read, RemoteError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = chunk.iter().map(|name| scope.spawn(|| read(name))).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|_| Err(RemoteError::Index("a thread is gone".into())))
            };
            threads.into_iter().map(join).collect()
        });
        for result in results {
            match result {
                Ok(Read::Good(digest, entries)) => loaded.indexes.push((digest, entries)),
                Ok(Read::Damaged(digest)) => loaded.damaged.push(digest),
                Ok(Read::Untrusted) => loaded.untrusted += 1,
                // It was removed since it was listed.
                Err(RemoteError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(loaded)
}

enum Read {
    Good(Digest, Vec<Entry>),
    Damaged(Digest),
    Untrusted,
}

/// The indexes that are kept here, for when the bucket cannot be listed.
pub fn kept(copies: &Path) -> Vec<Name> {
    let names: Vec<String> = names_in(copies).collect();
    let digest = |name: &String| Digest::from_hex(name.strip_suffix(ENDING)?);
    let of = |digest: Digest| {
        let start = format!("{digest}.");
        let signer = |name: &String| Some(name.strip_prefix(&start)?.strip_suffix(SIGNATURE)?.to_string());
        Name {
            digest,
            bytes: 0,
            at: SystemTime::UNIX_EPOCH,
            signers: names.iter().filter_map(signer).collect(),
        }
    };
    names.iter().filter_map(digest).map(of).collect()
}

/// Removes copies of indexes that are there no longer.
pub fn forget_others(copies: &Path, names: &[Name]) {
    let listed: HashSet<Digest> = names.iter().map(|name| name.digest).collect();
    for name in names_in(copies) {
        let digest = name.split('.').next().and_then(Digest::from_hex);
        if digest.is_some_and(|digest| !listed.contains(&digest)) {
            let _ = fs::remove_file(copies.join(name));
        }
    }
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn file(digest: &Digest) -> PathBuf {
    format!("{digest}{ENDING}").into()
}

fn is_trusted(bucket: &Bucket, copies: &Path, name: &Name, trust: &[String]) -> Result<bool, RemoteError> {
    if trust.is_empty() {
        return Ok(true);
    }
    for public in name.signers.iter().filter(|public| trust.contains(public)) {
        let file = PathBuf::from(format!("{}.{public}{SIGNATURE}", name.digest));
        let is_good = |bytes: &[u8]| sign::is_good(public, &name.digest, bytes);
        if copy(bucket, copies, &signature(&name.digest, public), &file, 64, is_good)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The bytes of an object, from a good copy if there is one; none if what is there is not good either.
fn copy(
    bucket: &Bucket,
    copies: &Path,
    object: &str,
    file: &Path,
    bytes: u64,
    is_good: impl Fn(&[u8]) -> bool,
) -> Result<Option<Bytes>, RemoteError> {
    let path = copies.join(file);
    if let Some(bytes) = fs::read(&path).ok().filter(|bytes| is_good(bytes)) {
        return Ok(Some(bytes.into()));
    }
    let bytes = bucket.get(object, bytes)?;
    if !is_good(&bytes) {
        return Ok(None);
    }
    // Where it cannot be kept it is fetched again the next time.
    let _ = write_whole(&path, &bytes);
    Ok(Some(bytes))
}
