//! All samples of a dataset: images, or features.
//!
//! In: what a layout has read. Out: [`Samples`], in which every class has samples. Must not know: files' formats.

use std::path::Path;

use super::{DataError, Images};

/// What a dataset holds: those for training first, then those for testing.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Bytes of pixels.
    Images(Images),
    /// Numbers.
    #[cfg_attr(not(test), expect(dead_code, reason = "no layout reads features yet"))]
    Features(Features),
}

/// Samples that are numbers, such as embeddings or the columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Row-major `[samples, width]`, finite, of any scale.
    pub values: Vec<f32>,
    /// Features per sample, at least 1.
    pub width: usize,
    /// One per sample, each below the number of classes.
    pub labels: Vec<u16>,
    /// What the labels 0, 1, 2, ... stand for; as many as there are classes.
    pub class_names: Vec<String>,
}

impl Samples {
    /// One per sample, each below the number of classes.
    pub fn labels(&self) -> &[u16] {
        match self {
            Samples::Images(images) => &images.labels,
            Samples::Features(features) => &features.labels,
        }
    }

    /// What the labels 0, 1, 2, ... stand for; 1..=65,536.
    pub fn class_names(&self) -> &[String] {
        match self {
            Samples::Images(images) => &images.class_names,
            Samples::Features(features) => &features.class_names,
        }
    }

    /// Data that nobody has studied before must have samples of every class, two at least: a class
    /// of one has no radius and cannot be both trained on and tested.
    ///
    /// # Errors
    /// [`DataError::FewSamples`] names the first such class.
    pub(super) fn check_classes(&self, path: &Path) -> Result<(), DataError> {
        let names = self.class_names();
        let mut counts = vec![0usize; names.len()];
        for label in self.labels() {
            if let Some(count) = counts.get_mut(usize::from(*label)) {
                *count += 1;
            }
        }
        match counts.iter().position(|count| *count < 2) {
            None => Ok(()),
            Some(class) => Err(DataError::FewSamples {
                path: path.to_owned(),
                class,
                name: names[class].clone(),
                samples: counts[class],
            }),
        }
    }

    /// The images of a dataset of a test.
    #[cfg(test)]
    pub fn into_images(self) -> Images {
        match self {
            Samples::Images(images) => images,
            Samples::Features(_) => panic!("these are features"),
        }
    }
}
