//! NumPy's arrays: outputs of all epochs, epochs x samples x classes, or of one, samples x classes; and labels.
//!
//! In: an .npz archive, a folder of .npy files, or one of them. Out: rows, epoch by epoch. Which array is which is told by
//! names and shapes. Labels may be missing: then they are those of the data. Must not know: how an array is read.

use std::path::Path;

use super::files::Files;
use super::format::{Classes, Format, Head, Key, Take};
use crate::data::npy::{Array, Header, Of};
use crate::data::{self, Arrays as Source, DataError};

/// What outputs are called.
const OUTPUTS: [&str; 7] =
    ["logits", "pred_probs", "probabilities", "probs", "proba", "outputs", "predictions"];

/// What labels are called.
const LABELS: [&str; 7] = ["labels", "label", "y", "targets", "target", "gold", "y_train"];

/// The archive, or the arrays of a folder; of one array that array alone, and labels beside it.
pub fn find(path: &Path) -> Result<Option<Files>, DataError> {
    let Some(found) = data::array_files(path)? else { return Ok(None) };
    let chosen = path.is_file().then(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let is_wanted = |name: &str| match &chosen {
        Some(chosen) if name != "npz" => name == chosen || LABELS.contains(&name),
        _ => true,
    };
    Ok(Some(Files::new(found.into_iter().filter(|(name, _)| is_wanted(name)).collect())))
}

pub struct Arrays {
    head: Head,
    outputs: Array,
    labels: Option<Array>,
    samples: usize,
    classes: usize,
}

impl Arrays {
    pub fn open(path: &Path, files: &Files) -> Result<Arrays, DataError> {
        let mut contents = Vec::new();
        for (at, (name, file)) in files.iter().enumerate() {
            contents.push((name.to_owned(), file.to_owned(), files.bytes(at)?));
        }
        let mut source = Source::open(path, contents)?;
        let headers = source.headers()?;
        let found = Found::of(&headers).map_err(|why| {
            let hint = "one array of outputs, epochs x samples x classes or samples x classes, called `logits` or `pred_probs`, \
                        and one of whole numbers called `labels`";
            DataError::unfit(path, why, hint)
        })?;
        let outputs = source.array(&found.outputs)?;
        let said = match &found.labels {
            Some(labels) => format!("outputs are the array `{}`, labels `{labels}`", found.outputs),
            None => format!("outputs are the array `{}`, labels those of the data", found.outputs),
        };
        let labels = found.labels.map(|name| source.array(&name)).transpose()?;
        let shape: Vec<usize> = outputs.header.shape.iter().map(|size| *size as usize).collect();
        let (epochs, samples, classes) = match shape[..] {
            [samples, classes] => (1, samples, classes),
            [epochs, samples, classes] => (epochs, samples, classes),
            _ => (0, 0, 0),
        };
        let head = Head {
            classes: Classes::Counted(Some(classes)),
            samples: Some(samples as u64),
            out_of_sample: None,
            epochs: (0..epochs as u32).collect(),
            outputs: None,
            notices: vec![said],
        };
        Ok(Arrays { head, outputs, labels, samples, classes })
    }
}

/// The names of the arrays.
#[derive(Debug, PartialEq)]
struct Found {
    outputs: String,
    labels: Option<String>,
}

impl Found {
    /// Chooses among all arrays.
    fn of(headers: &[(String, Header)]) -> Result<Found, String> {
        let shapes = || headers.iter().map(|(name, header)| format!("{name}: {}", header.sizes()));
        let tables: Vec<&(String, Header)> = headers
            .iter()
            .filter(|(_, header)| header.kind.of == Of::Floats && (2..=3).contains(&header.shape.len()))
            .collect();
        let named = || OUTPUTS.iter().find_map(|word| tables.iter().find(|(name, _)| name == word));
        let outputs = match tables[..] {
            [only] => only,
            _ => *named().ok_or_else(|| {
                let shapes = data::some(shapes().collect::<Vec<_>>().iter(), 6);
                format!("no array, or more than one, may be the outputs: there are {shapes}")
            })?,
        };
        let (name, Header { shape, .. }) = outputs;
        let samples = shape[shape.len() - 2];
        let lists =
            headers.iter().filter(|(_, header)| header.shape.len() == 1 && header.kind.of != Of::Floats);
        let fits = |header: &Header| header.shape[0] == samples;
        let is_named = |(name, _): &&(String, Header)| LABELS.contains(&name.as_str());
        let named: Vec<&(String, Header)> = lists.clone().filter(is_named).collect();
        let unnamed: Vec<&(String, Header)> = lists.filter(|(_, header)| fits(header)).collect();
        let labels = match (&named[..], &unnamed[..]) {
            ([only], _) | ([], [only]) => Some(*only),
            ([], []) => None,
            (several, others) => {
                let several = if several.is_empty() { others } else { several };
                let names = data::some(several.iter().map(|(name, _)| name), 6);
                return Err(format!("each of these arrays may be the labels: {names}"));
            }
        };
        match labels {
            Some((label, header)) if !fits(header) => Err(format!(
                "{name} is {}, so there are {samples} samples (epochs x samples x classes), and {label} has {}",
                outputs.1.sizes(),
                header.sizes()
            )),
            Some((label, header)) if matches!(header.kind.of, Of::Texts | Of::Bytes) => {
                Err(format!("{label} holds texts, and nothing says which column of {name} is which class"))
            }
            labels => Ok(Found { outputs: name.clone(), labels: labels.map(|(label, _)| label.clone()) }),
        }
    }
}

impl Format for Arrays {
    fn head(&self) -> &Head {
        &self.head
    }

    fn rows(&mut self, epoch: usize, take: &mut Take) -> Result<(), DataError> {
        let mut values = self.outputs.floats_from(epoch * self.samples * self.classes);
        let mut labels = self.labels.as_ref().map(|labels| labels.numbers());
        let mut row = vec![0.0; self.classes];
        for sample in 0..self.samples {
            row.iter_mut().zip(values.by_ref()).for_each(|(to, value)| *to = value as f32);
            let label = labels.as_mut().and_then(|labels| labels.next());
            // A label beyond 64 bits is no class, whatever it is.
            let label = label.map(|label| i64::try_from(label).unwrap_or(i64::MAX));
            take(Key::Number(sample as u64), label, &row)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arrays: &[(&str, &str, &[u64])]) -> Result<Found, String> {
        let header = |(name, kind, shape): &(&str, &str, &[u64])| {
            let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
            let text =
                format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}\n", sizes.concat());
            let bytes =
                [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat();
            ((*name).to_owned(), Header::read(bytes.as_slice()).unwrap())
        };
        Found::of(&arrays.iter().map(header).collect::<Vec<_>>())
    }

    #[test]
    fn arrays_are_told_by_names_and_shapes() {
        let of = |outputs: &str, labels: Option<&str>| {
            Ok(Found { outputs: outputs.to_owned(), labels: labels.map(str::to_owned) })
        };
        let steps: (&str, &str, &[u64]) = ("a", "<f4", &[9, 50, 3]);
        assert_eq!(found(&[steps, ("b", "<i8", &[50])]), of("a", Some("b")));
        assert_eq!(found(&[("p", "<f8", &[50, 3])]), of("p", None));
        assert_eq!(
            found(&[("X", "<f8", &[50, 8]), ("pred_probs", "<f8", &[50, 3]), ("y", "|u1", &[50])]),
            of("pred_probs", Some("y"))
        );
        let error = |arrays: &[_]| found(arrays).unwrap_err();
        assert!(error(&[("a", "<f8", &[50, 8]), ("b", "<f8", &[50, 3])]).contains("a: 50 x 8, b: 50 x 3"));
        // Samples x epochs x classes.
        assert!(error(&[("z", "<f4", &[50, 9, 3]), ("y", "<i8", &[50])]).contains("there are 9 samples"));
        assert!(
            error(&[steps, ("y", "<i8", &[50]), ("gold", "<i8", &[50])])
                .contains("may be the labels: y, gold")
        );
        assert!(error(&[steps, ("labels", "<U3", &[50])]).contains("labels holds texts"));
    }
}
