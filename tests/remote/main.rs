//! A remote cache, by the real program on 600 real samples: two projects are two machines.
//!
//! In a folder these tests run anywhere. Those against servers are ignored unless asked for, since they need moto, s3rver and
//! azurite: `HSPIPE_SERVERS` names the folder that .ci/run has installed them in.

mod busy;
mod collected;
mod cost;
mod damaged;
mod place;
#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../e2e/project.rs"]
mod project;
mod servers;
mod shared;
mod signed;

/// The program under test.
const HSPIPE: &str = env!("CARGO_BIN_EXE_hspipe");

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// What the machines compute.
const TARGETS: &[&str] = &["hard_counts", "overlap", "correlation", "tiny_figure"];
