//! The real program in a temporary folder, on 600 real samples.
//!
//! The pipeline is the repository's own, with its datasets changed to one folder of IDX files and a figure
//! of it added.

mod docs;
mod doubts;
mod faults;
mod features;
mod golden;
mod hard;
mod interrupted;
mod libtorch;
mod networks;
mod pieces;
mod project;
mod recorded;
mod results;

mod cache;
mod own_data;
mod places;
mod report;
mod scored;
mod sweep;
mod tables;
mod texts;
mod usage;
mod watched;
mod what_people_have;
mod written;

/// The program under test.
const HSPIPE: &str = env!("CARGO_BIN_EXE_hspipe");

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
