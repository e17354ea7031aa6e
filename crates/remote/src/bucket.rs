//! Objects in a bucket or a folder, one request after the other.
//!
//! In: an address, names, bytes. Out: bytes, or an error with what to do. The only place that sees
//! `object_store` and its runtime: whoever calls waits. Each request is tried again while the server
//! is busy, and ends within a time that its size allows. Knows no keys and no digests.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hspipe_engine::address::Address;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::Runtime;

use crate::connect::{connect, hint};
use crate::error::RemoteError;

/// How long a request without much in it may take, with all that is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The slowest transfer that is waited for, in bytes a second.
const SLOWEST: u64 = 100_000;

/// A bucket or a folder.
pub struct Bucket {
    name: String,
    prefix: Path,
    store: Arc<dyn ObjectStore>,
    /// The same without patience: whether anybody is there.
    quick: Arc<dyn ObjectStore>,
    /// None only while it is dropped.
    runtime: Option<Runtime>,
}

/// An object that was listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name below the folder that was listed.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was put there, by the clock of the store.
    pub at: SystemTime,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A name that is still being looked up keeps nobody waiting.
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// Opens it; asks nothing of it yet.
    ///
    /// # Errors
    /// Variables that make no sense or are lacking; a folder that is not there and cannot be made.
    pub fn open(address: &Address) -> Result<Bucket, RemoteError> {
        let name = address.to_string();
        let failed = |source: Box<dyn std::error::Error + Send + Sync>, hint| RemoteError::Failed {
            remote: name.clone(),
            action: "opened",
            source,
            hint,
            is_away: false,
        };
        let store = connect(address, true).map_err(|error| failed(error.source, error.hint))?;
        let quick = connect(address, false).map_err(|error| failed(error.source, error.hint))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hspipe-remote")
            .enable_all()
            .build()
            .map_err(|error| failed(error.into(), None))?;
        let prefix = Path::from(address.prefix.as_str());
        Ok(Bucket { name, prefix, store, quick, runtime: Some(runtime) })
    }

    /// Its address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The objects whose names are `folder/` and one part more.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub fn list(&self, folder: &str) -> Result<Vec<Listed>, RemoteError> {
        let folder = self.path(folder);
        let list = |store: &Arc<dyn ObjectStore>| {
            let store = store.clone();
            let folder = folder.clone();
            async move { store.list_with_delimiter(Some(&folder)).await }
        };
        // A list comes first. Where nobody answers, nobody is to wait for the tries of a busy server.
        let listed = match self.wait("listed", 0, list(&self.quick)) {
            Err(error) if !error.is_away() => self.wait("listed", 0, list(&self.store))?,
            listed => listed?,
        };
        let item = |object: object_store::ObjectMeta| {
            let name = object.location.filename()?.to_string();
            Some(Listed { name, bytes: object.size, at: object.last_modified.into() })
        };
        Ok(listed.objects.into_iter().filter_map(item).collect())
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// There is none of that name; it cannot be reached, or refuses.
    pub fn get(&self, name: &str, bytes: u64) -> Result<Bytes, RemoteError> {
        let path = self.path(name);
        self.wait("read", bytes, async { self.store.get(&path).await?.bytes().await })
    }

    /// A part of an object; less of it where the object ends before.
    ///
    /// # Errors
    /// As [`Bucket::get`].
    pub fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, RemoteError> {
        let (path, end) = (self.path(name), range.end);
        let got = self.wait("read", end - range.start, self.store.get_range(&path, range));
        let Err(error @ RemoteError::Failed { is_away: false, .. }) = got else { return got };
        // Each store has its own words for a part that is not there.
        match self.wait("read", 0, self.store.head(&path)) {
            Ok(object) if object.size < end => Ok(Bytes::new()),
            _ => Err(error),
        }
    }

    /// Puts an object there, over one of the same name.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), RemoteError> {
        let (path, size) = (self.path(name), bytes.len() as u64);
        self.wait("written in", size, self.store.put(&path, PutPayload::from(bytes))).map(drop)
    }

    /// Removes an object; one that is gone already is no error.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub fn delete(&self, name: &str) -> Result<(), RemoteError> {
        let path = self.path(name);
        match self.wait("cleared", 0, self.store.delete(&path)) {
            Err(RemoteError::Missing { .. }) => Ok(()),
            result => result,
        }
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }

    fn wait<T>(
        &self,
        action: &'static str,
        bytes: u64,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, RemoteError> {
        let limit = PATIENCE + Duration::from_secs(bytes / SLOWEST);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>, hint, is_away| RemoteError::Failed {
            remote: self.name.clone(),
            action,
            source,
            hint,
            is_away,
        };
        let Some(runtime) = &self.runtime else { return Err(failed("it was closed".into(), None, true)) };
        match runtime.block_on(async { tokio::time::timeout(limit, work).await }) {
            Ok(Ok(result)) => Ok(result),
            // A bucket that is not there is another matter.
            Ok(Err(Error::NotFound { path, .. })) if action != "listed" && action != "written in" => {
                Err(RemoteError::Missing { remote: self.name.clone(), name: path })
            }
            Ok(Err(error)) => {
                let (hint, is_away) = (hint(&error), is_away(&error));
                Err(failed(error.into(), hint, is_away))
            }
            Err(_) => Err(failed(format!("no answer within {} s", limit.as_secs()).into(), None, true)),
        }
    }
}

/// Whether an error is that nobody answers.
fn is_away(error: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return error.kind() == HttpErrorKind::Connect;
        }
        cause = error.source();
    }
    false
}
