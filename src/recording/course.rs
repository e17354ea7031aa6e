//! Follows samples over the epochs of a recording.
//!
//! In: rows, epoch after epoch. Out: a [`Recording`]. The rules for what is not as it should be:
//! - a sample that comes twice in an epoch has the outputs that come last;
//! - one that an epoch misses has those of the epoch before, and in the first epochs those of the first that has it;
//! - an epoch of fewer than half as many samples as one before is left out: it was cut short;
//! - a sample that never comes is left out.
//!
//! Each is counted in a notice. Another label for the same sample, other classes and what is no number are errors. Must not
//! know: formats.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use super::Recording;
use super::format::{Classes, Head, Key};
use super::outputs::{Fault, LEAST, Outputs};
use crate::data::DataError;
use crate::nn::Dynamics;
use crate::nn::dynamics::Watch;
use crate::scores::logits::probabilities;

/// The most numbers of an epoch, samples x classes: 1 GiB of floats.
const MOST: usize = 1 << 28;

pub struct Course<'a> {
    path: &'a Path,
    classes: Classes,
    /// How many there should be, with those that never come.
    samples: Option<u64>,
    early_epochs: u32,
    /// How many numbers a row has, once one was seen.
    width: usize,
    places: HashMap<Key, usize>,
    keys: Vec<Key>,
    labels: Vec<i32>,
    /// Of the epoch that is read.
    now: Vec<f32>,
    is_now: Vec<bool>,
    /// Of the epochs that have ended: how many, and of how many samples.
    epochs: u32,
    followed: usize,
    outputs: Option<Outputs>,
    last: Vec<f32>,
    early: Vec<f32>,
    sums: Vec<f64>,
    watch: Watch,
    /// The most samples of an epoch.
    most: usize,
    /// For notices.
    twice: usize,
    missed: usize,
    cut: Vec<(u32, usize)>,
}

impl<'a> Course<'a> {
    pub fn new(path: &'a Path, head: &Head, early_epochs: u32) -> Self {
        Course {
            path,
            classes: head.classes.clone(),
            samples: head.samples,
            early_epochs: early_epochs.max(1),
            width: 0,
            places: HashMap::new(),
            keys: Vec::new(),
            labels: Vec::new(),
            now: Vec::new(),
            is_now: Vec::new(),
            epochs: 0,
            followed: 0,
            outputs: head.outputs,
            last: Vec::new(),
            early: Vec::new(),
            sums: Vec::new(),
            watch: Watch::new(0),
            most: 0,
            twice: 0,
            missed: 0,
            cut: Vec::new(),
        }
    }

    /// Takes what a network made of a sample in the epoch that is read.
    ///
    /// # Errors
    /// Another width than that of the classes, what is no number, no label or another one than before.
    pub fn take(&mut self, epoch: u32, key: Key, label: Option<i64>, row: &[f32]) -> Result<(), DataError> {
        let at = || format!("epoch {epoch}, sample {}", shown(&key));
        if self.width == 0 {
            self.width = self.width_of(row.len())?;
        }
        if row.len() != self.width {
            let why = format!("{}: there are {} outputs, and {} classes", at(), row.len(), self.width);
            return Err(self.unfit(why, "record a number for each class, in their order"));
        }
        if let Some(value) = row.iter().find(|value| !value.is_finite()) {
            let why = format!("{}: an output is {value}, which is no number", at());
            return Err(
                self.unfit(why, "the training went astray there: record it anew, with a lower learning rate")
            );
        }
        if let (Key::Number(number), Some(samples)) = (&key, self.samples)
            && *number >= samples
        {
            let why = format!("{}: there are {samples} samples, from 0", at());
            return Err(self.unfit(why, "number samples by their places in the data"));
        }
        let label = match label {
            Some(label) if label >= 0 && (label as u64) < self.width as u64 => label as i32,
            Some(label) => {
                let why =
                    format!("{}: the label is {label}, and there are {} classes, from 0", at(), self.width);
                return Err(
                    self.unfit(why, "record labels as the numbers of classes, in the order of the outputs")
                );
            }
            None => {
                let why = format!("{}: it has no label", at());
                return Err(self.unfit(why, "put the labels beside it, or name the data: --data PATH"));
            }
        };
        let place = match self.places.entry(key) {
            Entry::Occupied(known) => {
                let place = *known.get();
                if self.labels[place] != label {
                    let (key, before) = (shown(known.key()), self.labels[place]);
                    let why =
                        format!("epoch {epoch}, sample {key}: the label is {label}, and was {before} before");
                    let hint = "a sample has one number and one label: are the numbers those of the data, not of a batch?";
                    return Err(self.unfit(why, hint));
                }
                place
            }
            Entry::Vacant(new) => {
                if (self.keys.len() + 1) * self.width > MOST {
                    let why = format!("there are more than {MOST} outputs in an epoch (samples x classes)");
                    return Err(self.unfit(why, "record fewer samples"));
                }
                let place = self.keys.len();
                self.keys.push(new.key().clone());
                new.insert(place);
                self.labels.push(label);
                self.now.resize((place + 1) * self.width, 0.0);
                self.is_now.push(false);
                place
            }
        };
        self.twice += usize::from(self.is_now[place]);
        self.is_now[place] = true;
        self.now[place * self.width..][..self.width].copy_from_slice(row);
        Ok(())
    }

    /// The number of classes, by what the recording says or by the first row.
    fn width_of(&self, row: usize) -> Result<usize, DataError> {
        let width = match &self.classes {
            Classes::Named(names) => names.len(),
            Classes::Counted(count) => count.unwrap_or(row),
        };
        if let Classes::Named(names) = &self.classes
            && let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name))
        {
            let why = format!("two classes are called {:?}", twice.1);
            return Err(self.unfit(why, "give each class a name of its own"));
        }
        match width {
            0 | 1 => {
                let why = "there is one output for each sample, and a number for each class is needed";
                Err(self
                    .unfit(why, "of a single logit z record [0, z], of a single probability p [1 - p, p]"))
            }
            width => Ok(width),
        }
    }

    /// Takes note that an epoch has come to its end.
    ///
    /// # Errors
    /// Numbers that are neither logits nor probabilities.
    pub fn end_epoch(&mut self, epoch: u32) -> Result<(), DataError> {
        let samples = self.is_now.iter().filter(|is_now| **is_now).count();
        if 2 * samples < self.most || samples == 0 {
            self.cut.push((epoch, samples));
            self.forget();
            return Ok(());
        }
        self.most = self.most.max(samples);
        let outputs = match self.outputs {
            Some(outputs) => outputs.check(self.rows()).map(|()| outputs),
            None => Outputs::of(self.rows()),
        };
        let outputs = outputs.map_err(|fault| self.fault(epoch, fault))?;
        self.outputs = Some(outputs);
        outputs.to_logits(&mut self.now);
        let all = self.keys.len();
        self.missed += all - samples + (all - self.followed) * self.epochs as usize;
        self.last.resize(all * self.width, 0.0);
        self.sums.resize(all * self.width, 0.0);
        self.watch.grow(all);
        for place in 0..all {
            let range = place * self.width..(place + 1) * self.width;
            if self.is_now[place] {
                self.last[range.clone()].copy_from_slice(&self.now[range.clone()]);
            }
            // What a new sample was in the epochs before, it is taken to have been.
            let from = if place < self.followed { self.epochs } else { 0 };
            let logits = &self.last[range.clone()];
            for epoch in from..=self.epochs {
                self.watch.see_one(place, epoch, logits, self.labels[place] as usize);
                let sums = self.sums[range.clone()].iter_mut().zip(probabilities(logits));
                sums.for_each(|(sum, probability)| *sum += probability);
            }
        }
        self.followed = all;
        self.epochs += 1;
        if self.epochs <= self.early_epochs {
            self.early.clone_from(&self.last);
        } else {
            let before = self.early.len();
            self.early.extend_from_slice(&self.last[before..]);
        }
        self.is_now.fill(false);
        Ok(())
    }

    /// Forgets the epoch that was read, with the samples that came in it for the first time.
    fn forget(&mut self) {
        for key in self.keys.drain(self.followed..) {
            self.places.remove(&key);
        }
        self.labels.truncate(self.followed);
        self.now.truncate(self.followed * self.width);
        self.is_now.truncate(self.followed);
        self.is_now.fill(false);
    }

    /// The rows of the epoch that was read.
    fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> + Clone {
        let rows = self.now.chunks(self.width.max(1)).enumerate();
        rows.filter(|(place, _)| self.is_now[*place])
    }

    /// What is wrong with outputs, as an error that names the sample.
    fn fault(&self, epoch: u32, fault: Fault) -> DataError {
        let sample = fault.place.map(|place| format!(", sample {}", shown(&self.keys[place])));
        self.unfit(format!("epoch {epoch}{}: {}", sample.unwrap_or_default(), fault.why), fault.hint)
    }

    /// What came of it; `epochs` are the numbers of all.
    ///
    /// # Errors
    /// No rows; samples that are called by numbers and by texts, or by numbers beyond 2^31.
    pub fn finish(self, epochs: &[u32]) -> Result<Recording, DataError> {
        if self.epochs == 0 {
            return Err(self.unfit("it has no rows yet", "record a training first"));
        }
        let notices = self.notices(epochs);
        let InOrder { ids, keys, order } = self.in_order()?;
        let width = self.width;
        let (classes, has_names) = match &self.classes {
            Classes::Named(names) => (names.clone(), true),
            Classes::Counted(_) => ((0..width).map(|class| class.to_string()).collect(), false),
        };
        let mean = |sum: &f64| sum / f64::from(self.epochs);
        Ok(Recording {
            classes,
            has_names,
            ids,
            keys,
            labels: order.iter().map(|place| self.labels[*place]).collect(),
            epochs: self.epochs,
            logits: ordered(&self.last, &order, width),
            early: ordered(&self.early, &order, width),
            probabilities: ordered(&self.sums, &order, width).iter().map(mean).collect(),
            dynamics: dynamics(self.watch.finish(), &order),
            outputs: self.outputs.unwrap_or(Outputs::Logits),
            is_out_of_sample: false,
            notices,
        })
    }

    fn in_order(&self) -> Result<InOrder, DataError> {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_by(|a, b| self.keys[*a].cmp(&self.keys[*b]));
        let keys = order.iter().map(|place| &self.keys[*place]);
        let texts: Vec<String> = keys
            .clone()
            .filter_map(|key| if let Key::Text(text) = key { Some(text.clone()) } else { None })
            .collect();
        if texts.len() == order.len() {
            return Ok(InOrder { ids: (0..order.len() as i32).collect(), keys: texts, order });
        }
        if let Some(text) = texts.first() {
            let why = format!("some samples are called by numbers, and one is called {text:?}");
            return Err(self.unfit(why, "call all by numbers, or all by texts"));
        }
        let number = |key: &Key| key.number().and_then(|number| i32::try_from(number).ok());
        match keys.map(number).collect() {
            Some(ids) => Ok(InOrder { ids, keys: Vec::new(), order }),
            None => {
                Err(self.unfit("a sample has a number of more than 31 bits", "number the samples from 0"))
            }
        }
    }

    fn notices(&self, epochs: &[u32]) -> Vec<String> {
        let mut notices = Vec::new();
        let known = self.keys.len();
        if self.outputs == Some(Outputs::Probabilities) {
            notices.push(format!("logits are the logarithms of probabilities, of {LEAST:e} at least"));
        }
        for (epoch, samples) in &self.cut {
            notices.push(format!("epoch {epoch} has {samples} samples of {}, and is left out", self.most));
        }
        let gaps = epochs.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        if gaps > 0 {
            notices.push(format!("epochs are numbered with {gaps} gaps, and count in their order"));
        }
        if self.missed > 0 {
            notices.push(format!(
                "{} times an epoch misses a sample, which then has its outputs of the epoch before, or of its first",
                self.missed
            ));
        }
        if self.twice > 0 {
            let twice = self.twice;
            notices.push(format!("{twice} times a sample comes again in an epoch: what comes last counts"));
        }
        match self.samples.map(|samples| samples.saturating_sub(known as u64)) {
            None | Some(0) => {}
            Some(never) => notices
                .push(format!("{never} of {} samples never come, and are left out", known as u64 + never)),
        }
        notices
    }

    fn unfit(&self, why: impl Into<String>, hint: &str) -> DataError {
        DataError::unfit(self.path, why, hint)
    }
}

/// The samples in their order.
struct InOrder {
    ids: Vec<i32>,
    /// What they are called, if by texts; else empty.
    keys: Vec<String>,
    /// The place of each among those that were followed.
    order: Vec<usize>,
}

/// Dynamics in another order of the samples.
fn dynamics(seen: Dynamics, order: &[usize]) -> Dynamics {
    Dynamics {
        margin_sum: ordered(&seen.margin_sum, order, 1),
        probability_sum: ordered(&seen.probability_sum, order, 1),
        probability_squares: ordered(&seen.probability_squares, order, 1),
        correct: ordered(&seen.correct, order, 1),
        forgotten: ordered(&seen.forgotten, order, 1),
        learned: ordered(&seen.learned, order, 1),
    }
}

/// The rows of `width` numbers in another order.
fn ordered<T: Copy>(rows: &[T], order: &[usize], width: usize) -> Vec<T> {
    order.iter().flat_map(|place| &rows[place * width..][..width]).copied().collect()
}

fn shown(key: &Key) -> String {
    match key {
        Key::Number(number) => number.to_string(),
        Key::Text(text) => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A training of epochs of rows: sample, label, outputs.
    fn course(epochs: &[&[(u64, i64, [f32; 2])]], samples: Option<u64>) -> Result<Recording, String> {
        let head = Head {
            classes: Classes::Counted(Some(2)),
            samples,
            out_of_sample: None,
            outputs: None,
            epochs: Vec::new(),
            notices: Vec::new(),
        };
        let mut course = Course::new(Path::new("x"), &head, 1);
        let text = |error: DataError| error.in_one_line();
        for (epoch, rows) in (0..).zip(epochs) {
            for (sample, label, row) in *rows {
                course.take(epoch, Key::Number(*sample), Some(*label), row).map_err(text)?;
            }
            course.end_epoch(epoch).map_err(text)?;
        }
        let numbers: Vec<u32> = (0..epochs.len() as u32).collect();
        course.finish(&numbers).map_err(text)
    }

    /// By hand. Margins of sample 3 are 2, 2 (carried) and -1; those of sample 1 are -4 (of its first epoch), -4 and 3.
    #[test]
    fn a_sample_that_an_epoch_misses_is_as_it_was_or_will_be() {
        let epochs: [&[_]; 3] = [
            &[(3, 0, [2.0, 0.0])],
            &[(1, 1, [4.0, 0.0])],
            &[(1, 1, [9.0, 0.0]), (3, 0, [0.0, 1.0]), (1, 1, [0.0, 3.0])],
        ];
        let made = course(&epochs, Some(4)).unwrap();
        assert_eq!((made.ids, made.labels, made.epochs), (vec![1, 3], vec![1, 0], 3));
        assert_eq!(made.dynamics.margin_sum, [-5.0, 3.0]);
        assert_eq!((made.dynamics.correct, made.dynamics.forgotten), (vec![1, 2], vec![0, 1]));
        assert_eq!(made.dynamics.learned, [Some(2), Some(0)]);
        assert_eq!((made.logits, made.early), (vec![0.0, 3.0, 0.0, 1.0], vec![4.0, 0.0, 2.0, 0.0]));
        let p = |z: f64| 1.0 / (1.0 + (-z).exp());
        assert!((made.probabilities[1] - (2.0 * p(-4.0) + p(3.0)) / 3.0).abs() < 1e-12);
        assert_eq!(
            made.notices,
            [
                "2 times an epoch misses a sample, which then has its outputs of the epoch before, or of its first",
                "1 times a sample comes again in an epoch: what comes last counts",
                "2 of 4 samples never come, and are left out",
            ]
        );
    }

    #[test]
    fn an_epoch_that_was_cut_short_is_left_out() {
        let row = |sample: u64| (sample, 0, [1.0, sample as f32]);
        let whole: Vec<_> = (0..5).map(row).collect();
        let made = course(&[&whole, &[row(0), (7, 1, [0.0, 2.0])]], None).unwrap();
        assert_eq!((made.epochs, made.ids.len()), (1, 5));
        assert_eq!(made.notices, ["epoch 1 has 2 samples of 5, and is left out"]);
        assert!(course(&[], None).unwrap_err().contains("it has no rows yet"));
    }

    #[test]
    fn probabilities_become_logits() {
        let made = course(&[&[(0, 0, [0.8, 0.2]), (1, 1, [1.0, 0.0])]], None).unwrap();
        assert_eq!(made.outputs, Outputs::Probabilities);
        assert!((made.probabilities[0] - 0.8).abs() < 1e-7 && made.logits[3] < -27.0);
        let other = course(&[&[(0, 0, [0.8, 0.2])], &[(0, 0, [3.0, 0.2])]], None).unwrap_err();
        assert!(other.contains("epoch 1, sample 0: its outputs are no probabilities"), "{other}");
    }

    #[test]
    fn what_is_no_good_is_named_by_epoch_and_sample() {
        let beyond = course(&[&[(4, 0, [1.0, 2.0])]], Some(4)).unwrap_err();
        assert!(beyond.contains("sample 4: there are 4 samples, from 0"), "{beyond}");
        let error = |rows: &[_]| course(&[&[(0, 0, [1.0, 2.0])], rows], None).unwrap_err();
        assert!(error(&[(9, 0, [f32::NAN, 1.0])]).contains("epoch 1, sample 9: an output is NaN"));
        assert!(error(&[(9, 2, [0.0, 1.0])]).contains("sample 9: the label is 2, and there are 2 classes"));
        assert!(error(&[(9, -1, [0.0, 1.0])]).contains("the label is -1"));
        assert!(error(&[(0, 1, [0.0, 1.0])]).contains("sample 0: the label is 1, and was 0 before"));
    }
}
