//! All samples of a dataset, with what is known of them.
//!
//! In: [`Rows`], what a layout has read. Out: [`Samples`], each with a label, in classes of two samples at least; and a line
//! that says what was found. Must not know: files' formats.

use std::path::Path;

use super::DataError;
use super::features::{self, Features};
use super::images::Images;
use super::labels::{Class, Classes, Labels};
use super::reading::Reading;
use super::some::some;
use crate::visible;

/// What a layout has read, in its order.
#[derive(Debug)]
pub(super) struct Rows {
    pub content: Content,
    /// One for each sample.
    pub labels: Labels,
    /// Samples that come from one part of the dataset follow each other.
    pub sets: Vec<Set>,
    /// One for each sample, or none at all.
    pub texts: Vec<String>,
    /// What a person should know of how the data were understood.
    pub notices: Vec<String>,
}

/// A part of a dataset, such as `train`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Empty if the dataset has no parts.
    pub name: String,
    /// How many.
    pub samples: usize,
}

impl Set {
    /// Counts samples that follow those of `sets`: of the last one, or of a new one.
    pub(super) fn count(sets: &mut Vec<Set>, name: &str, samples: usize) {
        match sets.last_mut().filter(|last| last.name == name) {
            Some(last) => last.samples += samples,
            None => sets.push(Set { name: name.to_owned(), samples }),
        }
    }

    fn described(&self) -> String {
        let name = if self.name.is_empty() { "of no split" } else { &self.name };
        format!("{} {name}", self.samples)
    }
}

/// What samples are.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Bytes of pixels.
    Images(Images),
    /// Numbers.
    Features(Features),
}

/// A dataset: its samples for training first, then those for testing.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    pub content: Content,
    /// One per sample, each below the number of classes.
    pub labels: Vec<u16>,
    /// 2..=65,536, each with two samples at least.
    pub classes: Vec<Class>,
    /// Parts that have samples.
    pub sets: Vec<Set>,
    /// The place of each sample among all of its set, from 0, those without a label counted too.
    pub rows: Vec<u32>,
    /// A text for each sample, or none at all.
    pub texts: Vec<String>,
    /// What a person should know of how the data were understood.
    pub notices: Vec<String>,
}

/// Samples that networks are to judge which have not learned from them: a few are enough, with labels or without.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    pub content: Content,
    /// What the class of each is called, if it has one.
    pub labels: Vec<Option<String>>,
    /// Parts, in their order.
    pub sets: Vec<Set>,
    /// What a person should know of how the data were understood.
    pub notices: Vec<String>,
}

impl Unseen {
    /// # Errors
    /// Labels that are no classes; no samples.
    pub(super) fn of(rows: Rows, known: &[String], path: &Path) -> Result<Unseen, DataError> {
        let Rows { content, labels, sets, notices, .. } = rows;
        let Classes { of, classes, .. } = labels
            .classes_among(known)
            .map_err(|error| DataError::unfit(path, error.to_string(), error.hint()))?;
        if of.is_empty() {
            return Err(DataError::unfit(path, "it holds no sample", "put samples there"));
        }
        let labels = of.iter().map(|class| Some(classes[usize::from((*class)?)].name.clone())).collect();
        Ok(Unseen { content, labels, sets, notices })
    }
}

/// Classes that are named in the line of what was found.
const NAMED: usize = 12;

/// With so many classes a network is mostly its last layer, and a minute without a word is soon gone.
const MANY: usize = 1000;

impl Samples {
    /// Gives samples their classes, and leaves out those without a label. `path` is named in errors.
    ///
    /// # Errors
    /// Labels that are no classes; no samples; one class alone; a class of one sample, which has no radius and cannot be
    /// both trained on and tested; features that are no numbers.
    pub(super) fn of(rows: Rows, reading: &Reading, path: &Path) -> Result<Samples, DataError> {
        let Rows { mut content, labels, sets, mut texts, mut notices } = rows;
        let unfit = |why: String, hint: &str| DataError::unfit(path, why, hint);
        let counts: Vec<usize> = sets.iter().map(|set| set.samples).collect();
        let Classes { of, classes, minus_one } =
            labels.classes(&counts).map_err(|error| unfit(error.to_string(), error.hint()))?;
        let keep: Vec<bool> = of.iter().map(Option::is_some).collect();
        let labels: Vec<u16> = of.into_iter().flatten().collect();
        let (left, place) = parts(&sets, &keep);
        if labels.len() < keep.len() {
            notices.push(unlabelled(&sets, &left, keep.len() - labels.len()));
            content.keep(&keep);
            let mut is_kept = keep.iter();
            texts.retain(|_| is_kept.next().copied().unwrap_or(true));
        }
        notices.extend(minus_one.map(|taken| taken.told().to_owned()));
        if labels.is_empty() {
            let why = "it holds no sample with a label".to_owned();
            return Err(unfit(why, "put samples there, each with a label"));
        }
        if let [class] = classes.as_slice() {
            let why = format!("it has one class only, {:?}, of {} samples", class.name, labels.len());
            return Err(unfit(
                why,
                "is this the right folder, or the right column? two classes are the least",
            ));
        }
        check_counts(&labels, &classes, path)?;
        if let Content::Features(features) = &mut content {
            features::check(features, reading.missing, &mut notices)
                .map_err(|error| unfit(error.to_string(), error.hint()))?;
        }
        if classes.len() >= MANY {
            notices.push(format!(
                "with {} classes a run takes long: its time and its memory grow with samples times classes",
                classes.len()
            ));
        }
        let sets = left.into_iter().filter(|set| set.samples > 0).collect();
        Ok(Samples { content, labels, classes, sets, rows: place, texts, notices })
    }

    /// Of a published dataset, whose labels are `first` for the first of these names, and so on. All of them are classes.
    pub(super) fn of_published(rows: Rows, names: &[&str], first: u8) -> Samples {
        let Rows { content, labels, sets, texts, notices } = rows;
        let labels: Vec<u16> =
            labels.numbers().map(|number| (number - i64::from(first)).max(0) as u16).collect();
        let (_, places) = parts(&sets, &vec![true; labels.len()]);
        let classes = labels.iter().max().map_or(0, |label| usize::from(*label) + 1).max(names.len());
        let class = |class: usize| {
            let value = (class + usize::from(first)).to_string();
            Class { name: names.get(class).map_or(value.clone(), ToString::to_string), value }
        };
        Samples {
            content,
            labels,
            classes: (0..classes).map(class).collect(),
            sets,
            rows: places,
            texts,
            notices,
        }
    }

    /// What was found, in one line: `3 classes: ant, bee, wasp; 120 train, 24 test; 28x28 grey`.
    pub fn summary(&self) -> String {
        let names = some(self.classes.iter().map(|class| visible::name(&class.name)), NAMED);
        let sets: Vec<String> = match self.sets.as_slice() {
            [Set { name, samples }] if name.is_empty() => vec![format!("{samples} samples")],
            sets => sets.iter().map(Set::described).collect(),
        };
        let content = match &self.content {
            Content::Images(images) => images.described(),
            Content::Features(features) => match features.names.len() {
                1 => "1 feature".to_owned(),
                width => format!("{width} features"),
            },
        };
        format!("{} classes: {names}; {}; {content}", self.classes.len(), sets.join(", "))
    }

    /// The images of a dataset of a test.
    #[cfg(test)]
    pub fn images(&self) -> &Images {
        match &self.content {
            Content::Images(images) => images,
            Content::Features(_) => panic!("these are features"),
        }
    }

    /// The features of a dataset of a test.
    #[cfg(test)]
    pub fn features(&self) -> &Features {
        match &self.content {
            Content::Features(features) => features,
            Content::Images(_) => panic!("these are images"),
        }
    }

    /// What the classes are called.
    #[cfg(test)]
    pub fn class_names(&self) -> Vec<&str> {
        self.classes.iter().map(|class| class.name.as_str()).collect()
    }
}

impl Content {
    /// Takes samples away; those that stay keep their order.
    fn keep(&mut self, keep: &[bool]) {
        match self {
            Content::Images(images) => {
                let area = images.channels * images.height * images.width;
                compact(&mut images.pixels, area, keep);
            }
            Content::Features(features) => compact(&mut features.values, features.names.len(), keep),
        }
    }
}

/// Moves the rows that are kept to the front, and cuts the rest.
fn compact<T: Copy>(values: &mut Vec<T>, width: usize, keep: &[bool]) {
    let mut to = 0;
    for (from, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
        values.copy_within(from * width..(from + 1) * width, to * width);
        to += 1;
    }
    values.truncate(to * width);
}

/// What is left of each set, and the place in its set of each sample that is kept.
fn parts(sets: &[Set], keep: &[bool]) -> (Vec<Set>, Vec<u32>) {
    let (mut left, mut places, mut rest) = (Vec::with_capacity(sets.len()), Vec::new(), keep);
    for set in sets {
        let (own, others) = rest.split_at(set.samples.min(rest.len()));
        let before = places.len();
        places.extend((0..).zip(own).filter(|(_, keep)| **keep).map(|(place, _)| place));
        left.push(Set { name: set.name.clone(), samples: places.len() - before });
        rest = others;
    }
    (left, places)
}

/// What a notice says of samples that are left out, behind their number.
const UNLABELLED: &str = "samples without a label are left out";

/// Whether a notice says that samples were left out, so that the places of others are not those in the files.
pub fn leaves_out(notice: &str) -> bool {
    notice.contains(UNLABELLED)
}

fn unlabelled(before: &[Set], after: &[Set], all: usize) -> String {
    let lost = before.iter().zip(after).map(|(before, after)| (&before.name, before.samples - after.samples));
    let lost: Vec<String> = lost
        .filter(|(name, samples)| *samples > 0 && !name.is_empty())
        .map(|(name, samples)| format!("{samples} of {name}"))
        .collect();
    let of = if lost.is_empty() { String::new() } else { format!(" ({})", lost.join(", ")) };
    format!("{all} {UNLABELLED}{of}: it is missing, or -1")
}

fn check_counts(labels: &[u16], classes: &[Class], path: &Path) -> Result<(), DataError> {
    let mut counts = vec![0usize; classes.len()];
    labels.iter().for_each(|label| counts[usize::from(*label)] += 1);
    match counts.iter().position(|count| *count < 2) {
        None => Ok(()),
        Some(class) => {
            let name = classes[class].name.clone();
            Err(DataError::FewSamples { path: path.to_owned(), class, name })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(n: u8) -> Content {
        Content::Images(Images { pixels: (0..n).collect(), channels: 1, height: 1, width: 1 })
    }

    fn rows(labels: &[i64], sets: &[(&str, usize)]) -> Rows {
        let set = |(name, samples): &(&str, usize)| Set { name: (*name).to_owned(), samples: *samples };
        Rows {
            content: grey(labels.len() as u8),
            labels: Labels::of_numbers(labels.iter().copied()),
            sets: sets.iter().map(set).collect(),
            texts: (0..labels.len()).map(|i| format!("text {i}")).collect(),
            notices: Vec::new(),
        }
    }

    fn samples(labels: &[i64], sets: &[(&str, usize)]) -> Result<Samples, String> {
        let made = Samples::of(rows(labels, sets), &Reading::default(), Path::new("x"));
        made.map_err(|error| error.in_one_line())
    }

    #[test]
    fn samples_without_a_label_are_left_out_and_counted() {
        let found = samples(&[1, 2, -1, 2, 1, -1, -1], &[("train", 5), ("test", 2)]).unwrap();
        assert_eq!(found.images().pixels, [0, 1, 3, 4]);
        assert_eq!((found.rows.as_slice(), found.labels.as_slice()), (&[0, 1, 3, 4][..], &[0, 1, 1, 0][..]));
        assert_eq!(found.texts[2], "text 3");
        let notice = "3 samples without a label are left out (1 of train, 2 of test): it is missing, or -1";
        assert_eq!(found.notices, [notice]);
        assert_eq!(found.summary(), "2 classes: 1, 2; 4 train; 1x1 grey");
        let found = samples(&[1, 2, 2, 1, 1], &[("train", 3), ("test", 2)]).unwrap();
        assert_eq!((found.rows.as_slice(), found.sets.len()), (&[0, 1, 2, 0, 1][..], 2));
        assert_eq!(found.summary(), "2 classes: 1, 2; 3 train, 2 test; 1x1 grey");
    }

    #[test]
    fn many_classes_are_told_to_take_long() {
        let notices = |classes: i64| {
            let labels: Vec<i64> = (0..2 * classes).map(|at| at % classes).collect();
            let rows = Rows {
                content: Content::Images(Images {
                    pixels: vec![0; labels.len()],
                    channels: 1,
                    height: 1,
                    width: 1,
                }),
                ..rows(&labels, &[("", labels.len())])
            };
            Samples::of(rows, &Reading::default(), Path::new("x")).unwrap().notices
        };
        assert!(notices(1000)[0].starts_with("with 1000 classes a run takes long"));
        assert_eq!(notices(999), [""; 0]);
    }

    #[test]
    fn what_cannot_be_studied_is_refused() {
        for (labels, part) in [
            (&[][..], "no sample with a label"),
            (&[-1, -1], "no sample with a label"),
            (&[4, 4, 4], "one class only, \"4\", of 3 samples"),
            (&[1, 1, 2], "class 1 (2) has one sample"),
        ] {
            let error = samples(labels, &[("", labels.len())]).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
