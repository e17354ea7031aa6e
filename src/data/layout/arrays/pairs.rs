//! Which arrays are samples, and which are their labels.
//!
//! In: names and headers of arrays, and what the user says of them. Out: pairs, set by set. By names, as MedMNIST
//! (train_images), Keras (x_train) and scikit-learn (X, y) have them; or the only two that fit by their shapes. Looks
//! at no value.

use super::super::{SETS, set_of};
use super::error::ArrayError;
use super::npy::{Header, Of};
use crate::data::reading::Reading;

/// What arrays of samples, and of labels, are called, apart from their set.
const SAMPLES: [&str; 12] = [
    "images",
    "image",
    "imgs",
    "img",
    "x",
    "data",
    "features",
    "feature",
    "embeddings",
    "embedding",
    "inputs",
    "pixels",
];
const LABELS: [&str; 7] = ["labels", "label", "y", "targets", "target", "classes", "class"];

/// Two arrays.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    /// One of [`SETS`], or empty.
    pub set: &'static str,
    /// The name of an array.
    pub samples: String,
    /// The name of an array.
    pub labels: String,
}

/// Pairs, train first, and what a person should know of the choice.
#[derive(Debug)]
pub struct Pairs {
    pub pairs: Vec<Pair>,
    pub notices: Vec<String>,
}

/// Finds the pairs, and compares their numbers.
///
/// # Errors
/// None is found, or one lacks its other half; labels of several columns; other numbers of samples and labels.
pub fn find(headers: &[(String, Header)], reading: &Reading) -> Result<Pairs, ArrayError> {
    let found = choose(headers, reading)?;
    for pair in &found.pairs {
        let of = |name: &String| headers.iter().find(|(other, _)| other == name).map(|(_, header)| header);
        let (Some(samples), Some(labels)) = (of(&pair.samples), of(&pair.labels)) else { continue };
        let count = |header: &Header| header.shape.first().copied().unwrap_or(0);
        if !matches!(labels.shape[..], [_] | [_, 1]) {
            return Err(ArrayError::MultiLabel(pair.labels.clone(), labels.sizes()));
        }
        if matches!(samples.kind.of, Of::Texts | Of::Bytes) {
            return Err(ArrayError::Texts(pair.samples.clone()));
        }
        if count(samples) != count(labels) {
            return Err(ArrayError::Count {
                samples: pair.samples.clone(),
                held: count(samples),
                labels: pair.labels.clone(),
                named: count(labels),
            });
        }
    }
    Ok(found)
}

fn choose(headers: &[(String, Header)], reading: &Reading) -> Result<Pairs, ArrayError> {
    let said = |pairs: Vec<Pair>, notices: Vec<String>| Ok(Pairs { pairs, notices });
    if reading.image.is_some() || reading.label.is_some() {
        let samples = match &reading.image {
            Some(name) => named(headers, name)?,
            None => half(headers, "", &SAMPLES).ok_or_else(|| missing(headers, "of samples"))?,
        };
        let labels = match &reading.label {
            Some(name) => named(headers, name.strip_suffix(".npy").unwrap_or(name))?,
            None => half(headers, "", &LABELS).ok_or_else(|| missing(headers, "of labels"))?,
        };
        return said(vec![Pair { set: "", samples, labels }], Vec::new());
    }
    let mut pairs = Vec::new();
    for set in [SETS[0], "", SETS[1], SETS[2]] {
        match (half(headers, set, &SAMPLES), half(headers, set, &LABELS)) {
            (Some(samples), Some(labels)) => pairs.push(Pair { set, samples, labels }),
            (Some(samples), None) => return Err(missing(headers, &format!("of labels beside {samples}"))),
            (None, Some(labels)) => return Err(missing(headers, &format!("of samples beside {labels}"))),
            (None, None) => {}
        }
    }
    if !pairs.is_empty() {
        return said(pairs, Vec::new());
    }
    let [one, other] = headers else { return Err(ArrayError::NoPair(listed(headers))) };
    let fits = |(samples, labels): (&(String, Header), &(String, Header))| {
        let is_list = matches!(labels.1.shape[..], [_] | [_, 1]);
        let fits = is_list && samples.1.shape.len() > 1 && samples.1.shape[0] == labels.1.shape[0];
        let is_list_too = matches!(samples.1.shape[..], [_] | [_, 1]);
        (fits && !is_list_too).then(|| (samples.0.clone(), labels.0.clone()))
    };
    let (samples, labels) = fits((one, other))
        .or_else(|| fits((other, one)))
        .ok_or_else(|| ArrayError::NoPair(listed(headers)))?;
    let notice = format!("by their shapes {samples} has the samples, {labels} their labels");
    said(vec![Pair { set: "", samples, labels }], vec![notice])
}

fn named(headers: &[(String, Header)], name: &str) -> Result<String, ArrayError> {
    match headers.iter().any(|(other, _)| other == name) {
        true => Ok(name.to_owned()),
        false => Err(missing(headers, name)),
    }
}

/// The array of this set whose name says that it is one of these.
fn half(headers: &[(String, Header)], set: &str, words: &[&str]) -> Option<String> {
    let is_it = |name: &str| {
        let lower = name.to_lowercase();
        let parts: Vec<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let (sets, rest): (Vec<&str>, Vec<&str>) = parts.iter().partition(|part| set_of(part).is_some());
        let own = sets.first().and_then(|part| set_of(part)).unwrap_or_default();
        match rest.as_slice() {
            [only] if own == set && sets.len() < 2 => words.iter().position(|word| word == only),
            _ => None,
        }
    };
    let found = headers.iter().filter_map(|(name, _)| Some((is_it(name)?, name)));
    found.min().map(|(_, name)| name.clone())
}

fn missing(headers: &[(String, Header)], wanted: &str) -> ArrayError {
    ArrayError::Missing { wanted: wanted.to_owned(), found: listed(headers) }
}

fn listed(headers: &[(String, Header)]) -> String {
    if headers.is_empty() {
        return "none of numbers or texts".to_owned();
    }
    headers.iter().map(|(name, header)| format!("{name} ({})", header.sizes())).collect::<Vec<_>>().join(", ")
}
