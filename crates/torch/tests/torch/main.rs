//! The real program hspipe-torch in a temporary folder, as hspipe's own tests have hspipe.

#[cfg(unix)]
mod interrupted;
mod networks;
mod taking_over;

#[cfg(unix)]
#[allow(dead_code)]
#[path = "../../../../tests/e2e/pieces.rs"]
mod pieces;
#[allow(dead_code)]
#[path = "../../../../tests/e2e/project.rs"]
mod project;
#[allow(dead_code)]
#[path = "../../../../tests/e2e/watched.rs"]
mod watched;

/// The program under test.
const HSPIPE: &str = env!("CARGO_BIN_EXE_hspipe-torch");

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
