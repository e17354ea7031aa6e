//! Holds a recording against the data that it is of.
//!
//! In: the classes and labels of the data. Out: names for the classes of the recording, and an error where the two do not
//! belong together. Labels may differ, for people train on labels that they have changed: those of the recording count.

use std::collections::HashMap;
use std::path::Path;

use super::{Data, Recording};
use crate::data::{DataError, leaves_out, some};

impl Recording {
    /// Compares with the data's labels, by the samples' places, and the names of their classes. `path` is named in errors.
    ///
    /// # Errors
    /// Other classes; samples beyond the data's; labels that hardly agree: the samples are others, or in another order.
    pub(super) fn compare(&mut self, path: &Path, data: Data) -> Result<(), DataError> {
        let Data { labels, names, findings } = data;
        let unfit = |why: String, hint: &str| Err(DataError::unfit(path, why, hint));
        if let Some(notice) = findings.iter().find(|notice| leaves_out(notice)) {
            return unfit(
                format!("of the data, {notice}: so the numbers of samples are not their places in the data"),
                "give these samples a class of their own, or leave the data away",
            );
        }
        if let Some(key) = self.keys.first() {
            let why =
                format!("samples are called by texts, such as {key:?}, and not by their places in the data");
            return unfit(
                why,
                "leave the data away, or record the samples' numbers, from 0, training samples first",
            );
        }
        let classes = match self.class_of_data(names) {
            Ok(classes) => classes,
            Err(why) => {
                return unfit(
                    why,
                    "call the classes as the data do, or record their number, in the order of the data's",
                );
            }
        };
        if let Some(beyond) = self.ids.iter().find(|id| **id as usize >= labels.len()) {
            let why =
                format!("it has the sample {beyond}, and the data have {} samples, from 0", labels.len());
            return unfit(why, "are these the data that it is of?");
        }
        let own: Vec<i32> = self.labels.iter().map(|label| classes[*label as usize]).collect();
        let of_data: Vec<i32> = self.ids.iter().map(|id| labels[*id as usize]).collect();
        let differ = own.iter().zip(&of_data).filter(|(own, other)| own != other).count();
        if differ > 0 && kappa(&own, &of_data) < ALIKE {
            let why = format!("{differ} of {} labels are not those of the data", own.len());
            return unfit(
                why,
                "the samples are others, or in another order: training samples come first, in the data's order",
            );
        }
        if differ > 0 {
            self.notices
                .push(format!("{differ} labels are not those of the data: those of the recording count"));
        }
        if !self.has_names && are_numbers(names) && names.len() > 10 {
            // Nothing tells the two orders apart, since each class is another number throughout.
            self.notices.push(
                "classes are matched by number: in folders of numbers 10 comes behind 9 here, and behind 1 in torchvision's \
                 ImageFolder: then record the names of the classes"
                    .to_owned(),
            );
        }
        if !self.has_names {
            self.classes = names.to_vec();
            self.has_names = true;
        }
        Ok(())
    }

    /// For each class of the recording that of the data: by name where both have names, else by number. -1 for one that the
    /// data do not have.
    fn class_of_data(&self, names: &[String]) -> Result<Vec<i32>, String> {
        let count = self.classes.len();
        let place = |class: &String| names.iter().position(|name| name == class);
        let unknown: Vec<&String> = self.classes.iter().filter(|class| place(class).is_none()).collect();
        if !self.has_names || (are_numbers(names) && !unknown.is_empty()) {
            return match names.len() == count {
                true => Ok((0..count as i32).collect()),
                false => Err(format!("it has {count} classes, and the data have {}", names.len())),
            };
        }
        let others: Vec<&String> = names.iter().filter(|name| !self.classes.contains(name)).collect();
        if !unknown.is_empty() && !others.is_empty() {
            let (unknown, others) = (some(unknown.iter(), 6), some(others.iter(), 6));
            return Err(format!("it has the classes {unknown}, and the data have others, {others}"));
        }
        // A model may know classes that no sample of the data is of.
        Ok(self.classes.iter().map(|class| place(class).map_or(-1, |place| place as i32)).collect())
    }
}

/// Whether these are the numbers from 0 on, in their order.
fn are_numbers(names: &[String]) -> bool {
    names.iter().zip(0..).all(|(name, at)| *name == at.to_string())
}

/// Labels that agree less than this are of other samples, by [`kappa`]: 1 if all agree, 0 if as many do as by chance.
const ALIKE: f64 = 0.5;

/// Cohen's kappa: how far labels agree beyond chance. (p - c) / (1 - c) for the share p of labels that agree, and the share c
/// that would if each had its labels in random order (Cohen 1960).
pub fn kappa(one: &[i32], other: &[i32]) -> f64 {
    let mut counts: HashMap<i32, [f64; 2]> = HashMap::new();
    for (one, other) in one.iter().zip(other) {
        counts.entry(*one).or_default()[0] += 1.0;
        counts.entry(*other).or_default()[1] += 1.0;
    }
    let n = one.len() as f64;
    let agree = one.iter().zip(other).filter(|(one, other)| one == other).count() as f64 / n;
    let mut products: Vec<f64> = counts.values().map(|[one, other]| one * other / (n * n)).collect();
    // In one order, so that the sum has the same bits each time.
    products.sort_by(f64::total_cmp);
    let chance: f64 = products.iter().sum();
    if chance < 1.0 { (agree - chance) / (1.0 - chance) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Dynamics;
    use crate::recording::Outputs;

    fn recording(ids: &[i32], labels: &[i32], names: Option<[&str; 2]>) -> Recording {
        Recording {
            classes: names.unwrap_or(["0", "1"]).map(str::to_owned).to_vec(),
            has_names: names.is_some(),
            ids: ids.to_vec(),
            keys: Vec::new(),
            labels: labels.to_vec(),
            epochs: 1,
            logits: Vec::new(),
            early: Vec::new(),
            probabilities: Vec::new(),
            dynamics: Dynamics::default(),
            outputs: Outputs::Logits,
            is_out_of_sample: false,
            notices: Vec::new(),
        }
    }

    /// sklearn.metrics.cohen_kappa_score of these: 0.5, and 0 of the second pair, which agree in 0.82 of 100.
    #[test]
    fn agreement_is_measured_beyond_chance() {
        assert!((kappa(&[0, 0, 1, 1, 2, 2], &[0, 1, 1, 1, 2, 0]) - 0.5).abs() < 1e-12);
        let one: Vec<i32> = (0..100).map(|at| i32::from(at < 10)).collect();
        let other: Vec<i32> = (0..100).map(|at| i32::from((9..19).contains(&at))).collect();
        assert!(kappa(&one, &other).abs() < 1e-12);
    }

    #[test]
    fn labels_are_compared_by_place_and_name() {
        let names = ["ant", "bee"].map(str::to_owned);
        let compare = |mut recording: Recording, labels: &[i32]| {
            let compared = recording.compare(Path::new("x"), Data { labels, names: &names, findings: &[] });
            compared.map(|()| (recording.classes, recording.notices)).map_err(|error| error.in_one_line())
        };
        let (classes, notices) =
            compare(recording(&[0, 2, 3, 4, 5], &[0, 1, 1, 1, 0], None), &[0, 0, 0, 1, 1, 0]).unwrap();
        assert_eq!(classes, names);
        assert_eq!(notices, ["1 labels are not those of the data: those of the recording count"]);
        let turned = compare(recording(&[0, 2], &[1, 0], Some(["bee", "ant"])), &[0, 0, 1]).unwrap();
        assert_eq!(turned, (vec!["bee".to_owned(), "ant".to_owned()], Vec::new()));
        let error = compare(recording(&[0, 1], &[0, 0], None), &[1, 1]).unwrap_err();
        assert!(error.contains("2 of 2 labels are not those of the data"), "{error}");
        let error = compare(recording(&[0, 4], &[0, 0], None), &[0, 0]).unwrap_err();
        assert!(error.contains("it has the sample 4, and the data have 2 samples"), "{error}");
        let error = compare(recording(&[0], &[0], Some(["cat", "bee"])), &[0]).unwrap_err();
        assert!(error.contains("it has the classes cat, and the data have others, ant"), "{error}");
        let mut named = recording(&[0, 1], &[0, 1], Some(["cat", "dog"]));
        let numbers = ["0", "1"].map(str::to_owned);
        named.compare(Path::new("x"), Data { labels: &[0, 1], names: &numbers, findings: &[] }).unwrap();
        assert_eq!(named.classes, ["cat", "dog"], "the data have no names");
        // In torchvision's order of the folders 0 to 11, 10 comes before 2.
        let text: Vec<String> = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9].iter().map(i32::to_string).collect();
        let mut sorted = recording(&[0, 1, 2, 3], &[0, 1, 2, 4], None);
        (sorted.classes, sorted.has_names) = (text, true);
        let by_value: Vec<String> = (0..12).map(|class| class.to_string()).collect();
        sorted
            .compare(Path::new("x"), Data { labels: &[0, 1, 10, 2], names: &by_value, findings: &[] })
            .unwrap();
        let error = sorted
            .compare(Path::new("x"), Data { labels: &[0, 1, 2, 3], names: &by_value, findings: &[] })
            .unwrap_err()
            .to_string();
        assert!(error.contains("2 of 4 labels are not those of the data"), "{error}");
        let mut unnamed = recording(&[0, 1], &[0, 1], None);
        unnamed.classes = by_value.clone();
        unnamed.compare(Path::new("x"), Data { labels: &[0, 1], names: &by_value, findings: &[] }).unwrap();
        assert!(unnamed.notices[0].contains("10 comes behind 9 here"));
        let left_out = ["3 samples without a label are left out: it is missing, or -1".to_owned()];
        let error = sorted
            .compare(Path::new("x"), Data { labels: &[0, 1, 10, 2], names: &by_value, findings: &left_out })
            .unwrap_err();
        assert!(error.to_string().contains("not their places in the data"), "{error}");
    }
}
