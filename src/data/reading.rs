//! What a user says of a dataset beside its path: which columns to read, and what to make of them.
//!
//! It enters the key of what is read as it is written, less what is left out.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// How a dataset at a path is read. What is left out is found out from the data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The column or array that holds the images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The column or array that holds the labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The column of a text that is shown with each sample, and learned by none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The columns that are features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Height and width, in pixels, that images are brought to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sides")]
    pub resize: Option<[u32; 2]>,
    /// The colour that lies behind images that are transparent in places: red, green, blue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<[u8; 3]>,
    /// What images are brought to.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "color")]
    pub colour: Option<Colour>,
    /// What stands in for a feature that a sample lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// The longest side that an image is brought to, in pixels.
pub const MAX_SIDE: u32 = 4096;

fn sides<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u32; 2]>, D::Error> {
    let sides = <[u32; 2]>::deserialize(deserializer)?;
    if sides.iter().all(|side| (1..=MAX_SIDE).contains(side)) {
        return Ok(Some(sides));
    }
    Err(D::Error::custom(format!("`resize` is height and width in pixels, each from 1 to {MAX_SIDE}")))
}

/// The colours of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Grey,
    Rgb,
}

/// What stands in for a missing number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The mean of the feature over the samples that have it.
    Mean,
}

impl Reading {
    /// The keys that are set and not among `known`: they would be passed over in silence.
    pub(super) fn others(&self, known: &[&str]) -> Vec<&'static str> {
        let set = [
            ("image", self.image.is_some()),
            ("label", self.label.is_some()),
            ("text", self.text.is_some()),
            ("features", self.features.is_some()),
            ("resize", self.resize.is_some()),
            ("background", self.background.is_some()),
            ("colour", self.colour.is_some()),
            ("missing", self.missing.is_some()),
        ];
        set.iter().filter(|(key, is_set)| *is_set && !known.contains(key)).map(|(key, _)| *key).collect()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Reading::default()
    }
}
