//! Where arrays are: in an archive, or in files of their own.
//!
//! In: files' bytes. Out: the names and headers of all arrays, and an array by its name. Must not know what an array means.

use std::io::Cursor;

use zip::ZipArchive;

use super::super::Content as File;
use super::error::ArrayError;
use super::npy::{Array, Header, NpyError};

/// The ending of an array in an archive.
const ENDING: &str = ".npy";

/// Arrays.
pub enum Source {
    Archive(ZipArchive<Cursor<Vec<u8>>>),
    Files(Vec<File>),
}

impl Source {
    /// One archive, or files of one array each.
    pub fn of(mut files: Vec<File>) -> Result<Source, ArrayError> {
        match files.as_mut_slice() {
            [only] if only.name == "npz" => {
                let bytes = std::mem::take(&mut only.bytes);
                Ok(Source::Archive(ZipArchive::new(Cursor::new(bytes))?))
            }
            _ => Ok(Source::Files(files)),
        }
    }

    /// Name and header of every array; and name and type of those that hold what is not read, such as objects.
    #[expect(clippy::type_complexity, reason = "two lists of pairs")]
    pub fn headers(&mut self) -> Result<(Vec<(String, Header)>, Vec<(String, String)>), ArrayError> {
        let mut found = Vec::new();
        match self {
            Source::Archive(zip) => {
                let mut names: Vec<String> = zip.file_names().map(str::to_owned).collect();
                names.sort();
                for name in names {
                    if let Some(array) = name.strip_suffix(ENDING) {
                        found.push((array.to_owned(), Header::read(zip.by_name(&name)?)));
                    }
                }
            }
            Source::Files(files) => {
                found.extend(
                    files.iter().map(|file| (file.name.clone(), Header::read(file.bytes.as_slice()))),
                );
            }
        }
        let (mut headers, mut others) = (Vec::new(), Vec::new());
        for (name, header) in found {
            match header {
                Ok(header) => headers.push((name, header)),
                Err(NpyError::Type(kind)) => others.push((name, kind)),
                Err(error) => return Err(ArrayError::Array(name, error)),
            }
        }
        Ok((headers, others))
    }

    /// The array of this name.
    pub fn array(&mut self, name: &str) -> Result<Array, ArrayError> {
        let array = match self {
            Source::Archive(zip) => Array::read(zip.by_name(&format!("{name}{ENDING}"))?),
            Source::Files(files) => match files.iter().find(|file| file.name == name) {
                Some(file) => Array::read(file.bytes.as_slice()),
                None => Err(NpyError::Header("it is not there".to_owned())),
            },
        };
        array.map_err(|error| ArrayError::Array(name.to_owned(), error))
    }
}
