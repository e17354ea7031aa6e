//! Holds a recording against the data that it is of.
//!
//! In: the classes and labels of the data. Out: names for the classes of the recording, and an error where the two do not
//! belong together. Labels may differ, for people train on labels that they have changed: those of the recording count.

use super::Recording;
use crate::data::{DataError, some};

use std::path::Path;

impl Recording {
    /// Compares with the data's labels, by the samples' places, and the names of their classes. `path` is named in errors.
    ///
    /// # Errors
    /// Other classes; samples beyond the data's; labels that mostly differ: the samples are others, or in another order.
    pub fn compare(&mut self, path: &Path, labels: &[i32], names: &[String]) -> Result<(), DataError> {
        let unfit = |why: String, hint: &str| Err(DataError::unfit(path, why, hint));
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
            Err(why) => return unfit(why, "record a number for each class of the data, in their order"),
        };
        if let Some(beyond) = self.ids.iter().find(|id| **id as usize >= labels.len()) {
            let why =
                format!("it has the sample {beyond}, and the data have {} samples, from 0", labels.len());
            return unfit(why, "are these the data that it is of?");
        }
        let pairs = self.ids.iter().zip(&self.labels);
        let differ = pairs.filter(|(id, label)| classes[**label as usize] != labels[**id as usize]).count();
        if 2 * differ > self.ids.len() {
            let why = format!("{differ} of {} labels are not those of the data", self.ids.len());
            return unfit(
                why,
                "the samples are others, or in another order: training samples come first, in the data's order",
            );
        }
        if differ > 0 {
            self.notices
                .push(format!("{differ} labels are not those of the data: those of the recording count"));
        }
        if !self.has_names {
            self.classes = names.to_vec();
            self.has_names = true;
        }
        Ok(())
    }

    /// For each class of the recording that of the data.
    fn class_of_data(&self, names: &[String]) -> Result<Vec<i32>, String> {
        let count = self.classes.len();
        if !self.has_names {
            return match names.len() == count {
                true => Ok((0..count as i32).collect()),
                false => Err(format!("it has {count} classes, and the data have {}", names.len())),
            };
        }
        let place = |class: &String| names.iter().position(|name| name == class);
        if !self.classes.iter().any(|class| place(class).is_some()) {
            return Err(format!("the data have none of its classes, {}", some(self.classes.iter(), 6)));
        }
        // No sample of the data is of a class that they do not have.
        Ok(self.classes.iter().map(|class| place(class).map_or(-1, |place| place as i32)).collect())
    }
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

    #[test]
    fn labels_are_compared_by_place_and_name() {
        let names = ["ant", "bee"].map(str::to_owned);
        let compare = |mut recording: Recording, labels: &[i32]| {
            let compared = recording.compare(Path::new("x"), labels, &names);
            compared.map(|()| (recording.classes, recording.notices)).map_err(|error| error.in_one_line())
        };
        let (classes, notices) = compare(recording(&[0, 2, 3], &[0, 1, 1], None), &[0, 0, 0, 1]).unwrap();
        assert_eq!(classes, names);
        assert_eq!(notices, ["1 labels are not those of the data: those of the recording count"]);
        let turned = compare(recording(&[0, 2], &[1, 0], Some(["bee", "ant"])), &[0, 0, 1]).unwrap();
        assert_eq!(turned, (vec!["bee".to_owned(), "ant".to_owned()], Vec::new()));
        let error = compare(recording(&[0, 1], &[0, 0], None), &[1, 1]).unwrap_err();
        assert!(error.contains("2 of 2 labels are not those of the data"), "{error}");
        let error = compare(recording(&[0, 4], &[0, 0], None), &[0, 0]).unwrap_err();
        assert!(error.contains("it has the sample 4, and the data have 2 samples"), "{error}");
        let error = compare(recording(&[0], &[0], Some(["cat", "dog"])), &[0]).unwrap_err();
        assert!(error.contains("none of its classes, cat, dog"), "{error}");
    }
}
