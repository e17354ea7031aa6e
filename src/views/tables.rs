//! The tables of Results/ for those who read them: only as hspipe wrote them.
//!
//! In: the folder, and the names of the pipeline's results. Out: a table's bytes, or why they are not to be trusted. A
//! file that hspipe did not write, under a name of its own, is its owner's and is taken as it is.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use hspipe_engine::key::Digest;

use super::catalogue::entries;
use super::ledger::{self, Ledger, Params, State};

/// A table that is not given, or the parameters that are not.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    pub what: String,
    #[source]
    pub why: Box<dyn Error + Send + Sync>,
    pub hint: String,
}

pub struct Tables {
    folder: PathBuf,
    ledger: Ledger,
    names: BTreeSet<String>,
    /// Names that are hspipe's.
    own: BTreeSet<String>,
}

impl Tables {
    /// Those of `folder`. `of_pipeline` are the names of the pipeline's results; none if there is no pipeline.
    ///
    /// # Errors
    /// A folder that cannot be read; one that is not there has no tables.
    pub fn open(folder: &Path, of_pipeline: Option<Vec<String>>) -> io::Result<Tables> {
        let mut names = BTreeSet::new();
        match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(entries) => {
                for entry in entries {
                    names.extend(name_of(&entry?.file_name().to_string_lossy()));
                }
            }
        }
        let ledger = Ledger::read(folder);
        names.extend(ledger.files().filter_map(name_of));
        let known = || entries().iter().map(|entry| entry.name.to_string()).collect();
        let own = of_pipeline.unwrap_or_else(known).into_iter().collect();
        Ok(Tables { folder: folder.to_path_buf(), ledger, names, own })
    }

    /// The names of the tables that there are or should be, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(file_name(name))
    }

    /// The bytes of a table.
    ///
    /// # Errors
    /// A file that is not as hspipe wrote it, is gone, or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        let (file, path) = (file_name(name), self.file(name));
        let is_listed = self.ledger.lists(&file);
        if is_listed || self.own.contains(name) {
            self.believe(&path)?;
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let why = format!("{} names it", self.ledger_file().display());
                return Err(refusal(format!("{} is gone", path.display()), why, ANEW));
            }
            Err(error) => {
                let what = format!("cannot read {}", path.display());
                return Err(Refusal { what, why: error.into(), hint: "see that it can be read".to_string() });
            }
        };
        let digest = Digest::of(&bytes);
        let not_as_written = || format!("{} is not as hspipe wrote it", path.display());
        match is_listed {
            true if self.ledger.wrote(&file, &digest) => Ok(bytes),
            true => {
                let ledger = self.ledger_file();
                let why = format!("its blake3 is {}..., not that in {}", digest.short(), ledger.display());
                Err(refusal(not_as_written(), why, ANEW))
            }
            false if self.own.contains(name) => {
                let why = format!("{} does not name it", self.ledger_file().display());
                let hint = format!("{ANEW}; a table of your own needs another name");
                Err(refusal(not_as_written(), why, &hint))
            }
            false => Ok(bytes),
        }
    }

    /// What the tables were made with; nothing if hspipe has written none.
    ///
    /// # Errors
    /// As [`Tables::read`].
    pub fn params(&self) -> Result<&Params, Refusal> {
        if self.ledger.state != State::Missing {
            self.believe(&self.folder)?;
        }
        Ok(&self.ledger.params)
    }

    /// Whether what the ledger says can be relied on, for `what`.
    fn believe(&self, what: &Path) -> Result<(), Refusal> {
        let ledger = self.ledger_file();
        let what = || format!("{} cannot be trusted", what.display());
        match self.ledger.state {
            State::Whole => Ok(()),
            State::Missing => {
                let why = format!("there is no {}, which says how hspipe wrote it", ledger.display());
                Err(refusal(what(), why, ANEW))
            }
            State::Writing => {
                let why = "a run is writing these tables, or was cut off while it did".to_string();
                Err(refusal(what(), why, &format!("wait for the run to end, or {AFTER_A_STOP}")))
            }
            State::Damaged => {
                let why = format!("{} is not as hspipe writes it", ledger.display());
                Err(refusal(what(), why, ANEW))
            }
        }
    }

    fn ledger_file(&self) -> PathBuf {
        self.folder.join(ledger::FILE)
    }
}

const ANEW: &str = "`hspipe run TARGET` writes it anew, from the cache where nothing has changed";
const AFTER_A_STOP: &str = "write them anew: hspipe run TARGET";

fn refusal(what: String, why: String, hint: &str) -> Refusal {
    Refusal { what, why: why.into(), hint: hint.to_string() }
}

/// The name of the file that holds a table.
pub fn file_name(table: &str) -> String {
    format!("{table}.parquet")
}

/// The table that a file of this name holds.
pub fn name_of(file: &str) -> Option<String> {
    file.strip_suffix(".parquet").filter(|name| !name.is_empty()).map(str::to_string)
}
