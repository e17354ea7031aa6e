//! Samples that came later, judged by the networks of a past run: none of these has learned from them.
//!
//! In: the networks' weights, what they were normalised by, what their classes and features are called; and the samples. Out:
//! [`Judged`], in the order of the samples, or why they are no such samples as the networks know. Must not know: where
//! either came from, how rows are written.

use hspipe_ensemble::Perceptron;
use rayon::prelude::*;

use crate::data::{self, Content, Unseen, some};
use crate::nn::{Samples, argmax};
use crate::scores::logits;
use crate::tables::{Normalisation, Weights};

/// Networks of one kind, trained on samples of one dataset.
pub struct Networks {
    pub weights: Vec<Weights>,
    pub normalisation: Normalisation,
    /// What the classes are called, in the order of the logits.
    pub classes: Vec<String>,
    /// What the features are called; empty of images.
    pub features: Vec<String>,
    /// Channels, height and width of images.
    pub image: Option<[usize; 3]>,
    /// What was said of how the data were understood.
    pub findings: Vec<String>,
}

/// What networks make of samples: means over them.
#[derive(Debug, PartialEq)]
pub struct Judged {
    /// Probabilities of the classes.
    pub probabilities: Vec<Vec<f64>>,
    /// The class of each sample, if it has a label.
    pub labels: Vec<Option<usize>>,
    /// The standard deviation over networks of the probability of the most probable class.
    pub spread: Vec<f64>,
    /// -log(sum exp(logits)).
    pub energy: Vec<f64>,
    /// In nats, of the mean probabilities.
    pub entropy: Vec<f64>,
    /// What a person should know of how the samples were understood.
    pub notices: Vec<String>,
}

/// Why samples are not judged: what, and what to do.
pub type Unlike = (String, String);

impl Networks {
    /// The columns of a table that the features are of, so that nothing needs to be guessed of another one; none of arrays,
    /// whose features are numbered.
    pub fn columns(&self) -> Option<Vec<String>> {
        let column = |(at, name): (usize, &String)| match (name.split_once('='), name.rsplit_once('[')) {
            (Some((column, _)), _) if self.is_level(at) => column.to_owned(),
            (_, Some((column, place))) if place.trim_end_matches(']').parse::<u32>().is_ok() => {
                column.to_owned()
            }
            _ => name.clone(),
        };
        let mut columns: Vec<String> = self.features.iter().enumerate().map(column).collect();
        columns.dedup();
        let are_numbered = columns.iter().all(|column| column.parse::<u32>().is_ok());
        (!are_numbered).then_some(columns)
    }

    /// Judges samples.
    ///
    /// # Errors
    /// Images of another size, features that are lacking, classes that the networks do not know, networks of another kind.
    pub fn judge(&self, unseen: Unseen) -> Result<Judged, Unlike> {
        let Unseen { content, labels, notices, .. } = unseen;
        self.is_read_alike(&notices)?;
        let mut notices = notices;
        let labels =
            labels.iter().map(|label| self.class(label.as_deref())).collect::<Result<Vec<_>, _>>()?;
        let Normalisation { mean, variance, .. } = &self.normalisation;
        let samples = match content {
            Content::Images(images) => {
                let found = [images.channels, images.height, images.width];
                if self.image != Some(found) {
                    let wanted = self.image.map_or_else(|| "features".to_owned(), described);
                    let what = format!("the images are {}, and the networks know {wanted}", described(found));
                    return Err((
                        what,
                        "bring them to that size and colour: `resize` and `colour` of the dataset's map do"
                            .to_owned(),
                    ));
                }
                Samples::new(images.pixels, [images.height, images.width], mean.clone(), variance.clone())
            }
            Content::Features(features) => {
                if self.image.is_some() {
                    let what = "the samples are features, and the networks know images".to_owned();
                    return Err((
                        what,
                        "name samples of the kind that the networks were trained on".to_owned(),
                    ));
                }
                Samples::features(self.in_order(features, &mut notices)?, mean, variance)
            }
        };
        let networks =
            self.weights.iter().map(|weights| Perceptron::new(&weights.layers().unwrap_or_default(), 0.0));
        let networks: Option<Vec<Perceptron>> = networks.collect();
        let values = samples.normalised();
        let width = values.len() / labels.len().max(1);
        let networks = networks.filter(|networks| networks.iter().all(|network| network.inputs() == width));
        let networks = networks.ok_or_else(|| {
            let what = "the networks are no SimpleNNs, which alone are asked again".to_owned();
            (what, "run with `identification_network: SimpleNN`".to_owned())
        })?;
        let seen: Vec<Seen> =
            values.par_chunks(width.max(1)).map(|sample| Seen::of(&networks, sample)).collect();
        Ok(Judged {
            spread: seen.iter().map(|seen| seen.spread).collect(),
            energy: seen.iter().map(|seen| seen.energy).collect(),
            entropy: seen.iter().map(|seen| entropy(&seen.probabilities)).collect(),
            probabilities: seen.into_iter().map(|seen| seen.probabilities).collect(),
            labels,
            notices,
        })
    }

    /// What is read by the range of all values is another number in other data.
    fn is_read_alike(&self, notices: &[String]) -> Result<(), Unlike> {
        let relative = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| data::is_relative(line)).cloned().collect()
        };
        let (then, now) = (relative(&self.findings), relative(notices));
        // Of several columns the notice names the least value of the first alone, so the same words may be other numbers.
        let is_taken = then.iter().chain(&now).any(|line| !line.starts_with("pixels"));
        if then == now && !is_taken {
            return Ok(());
        }
        let said = now.first().or(then.first()).cloned().unwrap_or_default();
        let what = format!(
            "values are read by the range of all of them, which these samples have another of: {said}"
        );
        let hint = if is_taken {
            "write such a column as differences, in the data of the run too: years since 2000, not seconds since 1970"
        } else {
            "write pixels on the scale of the data of the run, at best as bytes for both"
        };
        Err((what, hint.to_owned()))
    }

    fn class(&self, label: Option<&str>) -> Result<Option<usize>, Unlike> {
        let Some(label) = label else { return Ok(None) };
        let class = self.classes.iter().position(|class| class == label);
        class.map(Some).ok_or_else(|| {
            let known = some(self.classes.iter(), 12);
            (
                format!("there is the class {label:?}, and the networks know {known}"),
                "call classes as the data of the run do".to_owned(),
            )
        })
    }

    /// Whether a feature is 0 or 1, by its moments: so is one that stands for a value of a text column. The variance of such
    /// numbers is m (1 - m) for the mean m, but for the correction by n / (n - 1).
    fn is_level(&self, feature: usize) -> bool {
        let Normalisation { mean, variance, .. } = &self.normalisation;
        let (mean, variance) = (mean[feature], variance[feature]);
        (0.0..=1.0).contains(&mean) && (variance - mean * (1.0 - mean)).abs() <= 0.05 * variance
    }

    /// The features that the networks read, in their order: what is missing is the mean, a level that is not there is 0.
    fn in_order(&self, features: data::Features, notices: &mut Vec<String>) -> Result<Vec<f32>, Unlike> {
        let width = features.names.len();
        let mut columns = Vec::with_capacity(self.features.len());
        let mut lacking = Vec::new();
        for (at, name) in self.features.iter().enumerate() {
            let found = features.names.iter().position(|other| other == name);
            // A text column has a feature for each of its values that occur.
            let levels =
                name.split_once('=').filter(|_| self.is_level(at)).map(|(column, _)| format!("{column}="));
            let has_others =
                levels.is_some_and(|column| features.names.iter().any(|name| name.starts_with(&column)));
            if found.is_none() && !has_others {
                lacking.push(name);
            }
            columns.push(found);
        }
        if !lacking.is_empty() {
            let lacking = some(lacking.iter(), 6);
            let what = format!("the networks read features that are not there: {lacking}");
            return Err((what, "call columns as the data of the run do, and leave none away".to_owned()));
        }
        let unknown: Vec<&String> =
            features.names.iter().filter(|name| !self.features.contains(name)).collect();
        // Those of an array have no names: as many as there were, or they are others.
        let are_counted = self.features.iter().all(|name| name.parse::<u32>().is_ok());
        let left_out = self.findings.iter().any(|line| line.contains(data::CONSTANT));
        if are_counted && !unknown.is_empty() && !left_out {
            let what =
                format!("the samples have {width} features, and the networks read {}", self.features.len());
            return Err((
                what,
                "name samples with the features that the networks were trained on".to_owned(),
            ));
        }
        if !unknown.is_empty() {
            notices.push(format!("features that the networks do not read: {}", some(unknown.iter(), 6)));
        }
        let mean = &self.normalisation.mean;
        let (mut values, mut missing) = (Vec::new(), 0);
        for row in features.values.chunks(width.max(1)) {
            for (column, mean) in columns.iter().zip(mean) {
                let value = column.map_or(0.0, |column| row[column]);
                missing += usize::from(!value.is_finite());
                values.push(if value.is_finite() { value } else { *mean as f32 });
            }
        }
        if missing > 0 {
            notices.push(format!(
                "{missing} values that are missing or infinite count as the mean of the data of the run"
            ));
        }
        Ok(values)
    }
}

/// What networks make of one sample.
struct Seen {
    probabilities: Vec<f64>,
    spread: f64,
    energy: f64,
}

impl Seen {
    fn of(networks: &[Perceptron], sample: &[f32]) -> Seen {
        let all: Vec<Vec<f32>> = networks.iter().map(|network| network.logits(sample)).collect();
        let each: Vec<Vec<f64>> = all.iter().map(|logits| logits::probabilities(logits).collect()).collect();
        let count = each.len() as f64;
        let classes = each.first().map_or(0, Vec::len);
        let mean = |class: usize| each.iter().map(|of| of[class]).sum::<f64>() / count;
        let probabilities: Vec<f64> = (0..classes).map(mean).collect();
        let top = argmax(&probabilities);
        let squares = each.iter().map(|of| (of[top] - probabilities[top]).powi(2)).sum::<f64>();
        let energy = all.iter().map(|logits| f64::from(logits::energy(logits))).sum::<f64>() / count;
        Seen { probabilities, spread: (squares / count).sqrt(), energy }
    }
}

fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().filter(|p| **p > 0.0).map(|p| p * libm::log(*p)).sum::<f64>()
}

fn described([channels, height, width]: [usize; 3]) -> String {
    format!("{width}x{height} {}", if channels == 1 { "grey" } else { "in colour" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Features, Set};

    /// Two networks of two features: the first says class 1 where `a` is large, the second is unsure.
    fn networks(features: [&str; 2]) -> Networks {
        let weights = |value: [f32; 6]| Weights {
            layer: vec![0; 6],
            parameter: ["weight", "weight", "weight", "weight", "bias", "bias"].to_vec().into(),
            index: vec![0, 1, 2, 3, 0, 1],
            value: value.to_vec(),
        };
        Networks {
            weights: vec![weights([0.0, 0.0, 2.0, 0.0, 0.0, 0.0]), weights([0.0; 6])],
            normalisation: Normalisation {
                channel: vec![0, 1],
                mean: vec![10.0, 0.0],
                variance: vec![4.0, 1.0],
            },
            classes: vec!["ant".into(), "bee".into()],
            features: features.map(str::to_owned).to_vec(),
            image: None,
            findings: Vec::new(),
        }
    }

    fn unseen(names: &[&str], values: &[f32], labels: &[Option<&str>]) -> Unseen {
        let features = Features {
            values: values.to_vec(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        Unseen {
            content: Content::Features(features),
            labels: labels.iter().map(|label| label.map(str::to_owned)).collect(),
            sets: vec![Set { name: String::new(), samples: labels.len() }],
            notices: Vec::new(),
        }
    }

    /// By hand: (12 - 10) / 2 = 1, so logits are 0 and 2: p(bee) = 1 / (1 + exp(-2)) = 0.880797, and 0.5 by the other; their mean
    /// is 0.690399, the std 0.190399, the energy -(2.126928 + 0.693147) / 2.
    #[test]
    fn means_are_over_the_networks() {
        let judged = networks(["a", "b"])
            .judge(unseen(&["b", "a"], &[7.0, 12.0, 0.0, f32::NAN], &[Some("ant"), None]))
            .unwrap();
        assert!(
            (judged.probabilities[0][1] - 0.690_399).abs() < 1e-6
                && (judged.spread[0] - 0.190_399).abs() < 1e-6
        );
        assert!((judged.energy[0] + 1.410_037).abs() < 1e-6);
        assert!((judged.entropy[1] - std::f64::consts::LN_2).abs() < 1e-6, "the mean says nothing");
        assert_eq!(judged.labels, [Some(0), None]);
        assert_eq!(
            judged.notices,
            ["1 values that are missing or infinite count as the mean of the data of the run"]
        );
    }

    #[test]
    fn columns_are_those_that_features_are_of() {
        let columns = |features: &[&str]| {
            let mut networks = networks(["a", "b"]);
            networks.features = features.iter().map(|name| (*name).to_owned()).collect();
            let levels = features.len();
            (networks.normalisation.mean, networks.normalisation.variance) =
                (vec![0.5; levels], vec![0.25; levels]);
            networks.columns()
        };
        let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(columns(&["n", "kind=red", "kind=blue", "e[0]", "e[1]"]), owned(&["n", "kind", "e"]));
        assert_eq!(columns(&["0", "2"]), None);
    }

    #[test]
    fn what_networks_do_not_know_is_refused() {
        let refused = |networks: Networks, unseen: Unseen| networks.judge(unseen).unwrap_err().0;
        let one = |names: &[&str], label: &str| unseen(names, &[1.0, 2.0], &[Some(label)]);
        assert!(refused(networks(["a", "b"]), one(&["a", "c"], "ant")).contains("not there: b"));
        assert!(
            refused(networks(["a", "b"]), one(&["a", "b"], "cow"))
                .contains("\"cow\", and the networks know ant, bee")
        );
        let mut levels = networks(["a", "kind=red"]);
        assert!(
            refused(networks(["a", "kind=red"]), one(&["a", "kind=blue"], "ant")).contains("kind=red"),
            "its variance is 1"
        );
        (levels.normalisation.mean[1], levels.normalisation.variance[1]) = (0.25, 0.1880);
        let wider = unseen(&["0", "1", "2"], &[1.0, 2.0, 3.0], &[None]);
        assert!(
            refused(networks(["0", "1"]), wider)
                .contains("the samples have 3 features, and the networks read 2")
        );
        assert!(levels.judge(one(&["a", "kind=blue"], "ant")).is_ok(), "another value of a text column");
        let mut taken = one(&["a", "b"], "ant");
        taken.notices.push("large numbers are read less their least, 1990 of a".to_owned());
        assert!(refused(networks(["a", "b"]), taken).contains("by the range of all of them"));
        let images = Networks { image: Some([1, 2, 3]), ..networks(["a", "b"]) };
        assert!(refused(images, one(&["a", "b"], "ant")).contains("the networks know images"));
    }
}
