//! What there is to say of samples that are no pictures: the features in which each stands out, or its text.
//!
//! In: their features, mean and variance of each feature over the samples studied, what features are called. Out: for each
//! sample the few features that are furthest from their means. Must not know which samples are asked for, nor how they are
//! shown.

use std::collections::HashMap;

use crate::tables::{FeatureNames, Normalisation, SampleTexts};

/// A feature of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    pub name: String,
    pub value: f32,
    /// (value - mean) / std, of all samples studied.
    pub z: f64,
}

impl Telling {
    /// `5.8 (+3.1)`: the value, and how many standard deviations it is from the mean.
    pub fn figures(&self) -> String {
        format!("{} ({:+.1})", short(self.value), self.z)
    }
}

/// What is known of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Text(String),
    Features(Vec<Telling>),
}

/// What is known of features and samples beside their numbers.
#[derive(Default)]
pub struct Known {
    mean: Vec<f64>,
    variance: Vec<f64>,
    /// Of features; what is not there is called by its number.
    names: Vec<String>,
    texts: HashMap<i32, String>,
}

impl Known {
    /// Of tables: the last two have a row for each feature, and for each sample if there are texts.
    pub fn of(
        normalisation: Normalisation,
        names: Option<FeatureNames>,
        texts: Option<SampleTexts>,
    ) -> Known {
        let names = names.map(|names| names.name.to_vec()).unwrap_or_default();
        let texts = texts.map(|texts| texts.sample_id.into_iter().zip(texts.text.to_vec()).collect());
        let Normalisation { mean, variance, .. } = normalisation;
        Known { mean, variance, names, texts: texts.unwrap_or_default() }
    }

    /// A sample's text if it has one, else the `most` features with the largest absolute z, the first of equals first. A
    /// feature that never varies has none.
    pub fn said(&self, sample_id: i32, values: &[f32], most: usize) -> Said {
        if let Some(text) = self.texts.get(&sample_id).filter(|text| !text.trim().is_empty()) {
            return Said::Text(text.clone());
        }
        let moments = self.mean.iter().zip(&self.variance);
        let zs = values.iter().zip(moments).map(|(value, (mean, variance))| {
            (*variance > 0.0).then(|| (f64::from(*value) - mean) / variance.sqrt())
        });
        let mut zs: Vec<(usize, f64)> =
            zs.enumerate().filter_map(|(feature, z)| Some((feature, z?))).collect();
        zs.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
        let telling = |(feature, z): (usize, f64)| {
            let name = self.names.get(feature).cloned().unwrap_or_else(|| format!("feature {feature}"));
            Telling { name, value: values[feature], z }
        };
        Said::Features(zs.into_iter().take(most).map(telling).collect())
    }
}

/// Four digits, without zeros at the end; very large and very small ones as powers of ten.
fn short(value: f32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = f64::from(value).abs();
    if !(1e-3..1e6).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    // By its digits: logarithms may differ in the last bit between machines.
    let digits = format!("{magnitude:e}");
    let exponent = digits.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    let text = format!("{value:.0$}", (3 - exponent.unwrap_or(0)).max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(texts: &[(i32, &str)]) -> Known {
        Known {
            mean: vec![1.0, 0.0, 5.0, 2.0],
            variance: vec![4.0, 0.25, 0.0, 1.0],
            names: vec!["alcohol".into(), "hue".into()],
            texts: texts.iter().map(|(id, text)| (*id, text.to_string())).collect(),
        }
    }

    /// By hand: z is 1.5, -2, none since the feature never varies, and 2.
    #[test]
    fn the_features_furthest_from_their_means_are_named() {
        let Said::Features(telling) = known(&[]).said(7, &[4.0, -1.0, 9.0, 4.0], 3) else {
            panic!("no text")
        };
        let said: Vec<String> =
            telling.iter().map(|telling| format!("{} {}", telling.name, telling.figures())).collect();
        assert_eq!(said, ["hue -1 (-2.0)", "feature 3 4 (+2.0)", "alcohol 4 (+1.5)"]);
        assert_eq!(known(&[]).said(7, &[], 3), Said::Features(vec![]));
    }

    #[test]
    fn a_text_says_more_than_numbers() {
        let known = known(&[(7, "too sweet"), (8, " \n")]);
        assert_eq!(known.said(7, &[4.0; 4], 3), Said::Text("too sweet".into()));
        assert!(matches!(known.said(8, &[4.0; 4], 3), Said::Features(_)));
    }

    #[test]
    fn numbers_have_four_digits() {
        let shown = [14.830_001, 0.5, 1065.0, 123_456.0, -0.012_34, 3.2e7, 1e-5, 0.0].map(short);
        assert_eq!(shown, ["14.83", "0.5", "1065", "123456", "-0.01234", "3.20e7", "1.00e-5", "0"]);
    }

    #[test]
    fn tables_say_what_features_are_called() {
        let known = |texts: Option<SampleTexts>| {
            let normalisation =
                Normalisation { channel: vec![0, 1], mean: vec![0.0; 2], variance: vec![1.0; 2] };
            let names = FeatureNames { feature: vec![0, 1], name: vec!["alcohol", "hue"].into() };
            Known::of(normalisation, Some(names), texts).said(1, &[1.0, -3.0], 1)
        };
        let hue = Telling { name: "hue".into(), value: -3.0, z: -3.0 };
        assert_eq!(known(None), Said::Features(vec![hue]));
        let texts = SampleTexts { sample_id: vec![0, 1], text: vec!["dry", "sweet"].into() };
        assert_eq!(known(Some(texts)), Said::Text("sweet".into()));
    }
}
