//! Objects in a bucket or a folder, one request after the other.
//!
//! In: an address, names, bytes. Out: bytes, or an error with what to do. The only place that sees
//! `object_store` and its runtime: whoever calls waits. Each request is tried again while the server
//! is busy, and ends within a time that its size allows. Knows no keys and no digests.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hspipe_engine::address::Address;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::Runtime;

use crate::connect::{NoClient, connect, hint};
use crate::error::RemoteError;

/// How long a request without much in it may take, with all that is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The slowest transfer that is waited for, in bytes a second.
const SLOWEST: u64 = 100_000;

/// A bucket or a folder. One that cannot be used says so at each request.
pub struct Bucket {
    name: String,
    prefix: Path,
    open: Result<Open, NoClient>,
}

/// The way there.
struct Open {
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

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A name that is still being looked up keeps nobody waiting.
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// Opens it; asks nothing of it yet.
    pub fn open(address: &Address) -> Bucket {
        let open = || -> Result<Open, NoClient> {
            let (store, quick) = (connect(address, true)?, connect(address, false)?);
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).thread_name("hspipe-remote").enable_all().build()?;
            Ok(Open { store, quick, runtime: Some(runtime) })
        };
        Bucket { name: address.to_string(), prefix: Path::from(address.prefix.as_str()), open: open() }
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
        let list = async |store: Arc<dyn ObjectStore>| store.list_with_delimiter(Some(&folder)).await;
        // A list comes first. Where nobody answers, nobody is to wait for the tries of a busy server.
        let quick = self.open.as_ref().ok().map(|open| open.quick.clone());
        let listed = match self.wait("listed", 0, |store| list(quick.unwrap_or(store))) {
            Err(error) if !error.is_away() => self.wait("listed", 0, list)?,
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
        self.wait("read", bytes, async |store| store.get(&path).await?.bytes().await)
    }

    /// A part of an object; less of it where the object ends before.
    ///
    /// # Errors
    /// As [`Bucket::get`].
    pub fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, RemoteError> {
        let (path, end) = (self.path(name), range.end);
        let got = self.wait("read", end - range.start, async |store| store.get_range(&path, range).await);
        let Err(error @ RemoteError::Failed { is_away: false, .. }) = got else { return got };
        // Each store has its own words for a part that is not there.
        match self.wait("read", 0, async |store| store.head(&path).await) {
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
        self.wait("written in", size, async |store| store.put(&path, PutPayload::from(bytes)).await).map(drop)
    }

    /// Removes an object; one that is gone already is no error.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub fn delete(&self, name: &str) -> Result<(), RemoteError> {
        let path = self.path(name);
        match self.wait("cleared", 0, async |store| store.delete(&path).await) {
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
        work: impl AsyncFnOnce(Arc<dyn ObjectStore>) -> Result<T, Error>,
    ) -> Result<T, RemoteError> {
        let limit = PATIENCE + Duration::from_secs(bytes / SLOWEST);
        let failed = |action, source: Box<dyn std::error::Error + Send + Sync>, hint, is_away| {
            RemoteError::Failed { remote: self.name.clone(), action, source, hint, is_away }
        };
        let open = self.open.as_ref();
        let Open { store, runtime: Some(runtime), .. } =
            open.map_err(|error| failed("used", error.what.clone().into(), error.hint.clone(), true))?
        else {
            return Err(failed("used", "it was closed".into(), None, true));
        };
        let work = work(store.clone());
        match runtime.block_on(async { tokio::time::timeout(limit, work).await }) {
            Ok(Ok(result)) => Ok(result),
            // A bucket that is not there is another matter.
            Ok(Err(Error::NotFound { path, .. })) if action != "listed" && action != "written in" => {
                Err(RemoteError::Missing { remote: self.name.clone(), name: path })
            }
            Ok(Err(error)) => {
                let (hint, is_away) = (hint(&error), is_away(&error));
                Err(failed(action, error.into(), hint, is_away))
            }
            Err(_) => {
                Err(failed(action, format!("no answer within {} s", limit.as_secs()).into(), None, true))
            }
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
