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

    /// Name and header of every array.
    pub fn headers(&mut self) -> Result<Vec<(String, Header)>, ArrayError> {
        let of = |name: &str, header: Result<Header, NpyError>| match header {
            Ok(header) => Ok(Some((name.to_owned(), header))),
            // Such as the names of files, as objects, beside the arrays that count.
            Err(NpyError::Type(_)) => Ok(None),
            Err(error) => Err(ArrayError::Array(name.to_owned(), error)),
        };
        let mut headers = Vec::new();
        match self {
            Source::Archive(zip) => {
                let mut names: Vec<String> = zip.file_names().map(str::to_owned).collect();
                names.sort();
                for name in names {
                    if let Some(array) = name.strip_suffix(ENDING) {
                        headers.extend(of(array, Header::read(zip.by_name(&name)?))?);
                    }
                }
            }
            Source::Files(files) => {
                for file in files {
                    headers.extend(of(&file.name, Header::read(file.bytes.as_slice()))?);
                }
            }
        }
        Ok(headers)
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
