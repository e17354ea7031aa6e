//! A remote cache: what many machines have computed, in a bucket or a folder.
//!
//! The way through this crate: [`Remote::open`] connects and lists what is new (`connect`, `bucket`,
//! `indexes`); a store that has it as its upstream finds records in `catalogue` and fetches tables
//! (`fetch`); what is computed is gathered and sent in packs (`sender`, `pack`). [`Remote::push`],
//! [`Remote::pull`] and [`Remote::collect`] do the same for a whole cache.
//!
//! What lies there, each under the hash of its bytes, so that nothing is ever changed and two writers
//! cannot disturb each other, whatever the store promises:
//!
//! | object | what |
//! |---|---|
//! | `v1/packs/DIGEST` | tables end to end |
//! | `v1/index/DIGEST.parquet` | records, and where their tables lie; put there after its packs |
//! | `v1/index/DIGEST.PUBLIC.sig` | a signature of an index, put there before it |
//! | `v1/runs/DIGEST.parquet` | the keys of a run, so that nothing is collected that it needs |
//! | `v1/unused/DIGEST` | a pack that no index names, since when |
//!
//! Whatever happens there, a task is at worst computed again.

mod bucket;
mod catalogue;
mod collect;
mod connect;
mod error;
mod fetch;
mod index;
mod indexes;
mod pack;
mod remote;
mod runs;
mod sender;
mod sign;
mod whole;

pub use collect::{Collected, Keep};
pub use error::RemoteError;
pub use remote::{Options, Remote, Traffic};
pub use sign::{KeyError, Signer};
pub use whole::{Pulled, Pushed, Stats};
