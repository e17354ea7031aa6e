//! Which parameters of our results are not the paper's.
//!
//! In: names and values, as they are set or as Results/params.yaml notes them. Out: those that differ. Numbers of runs, and what is studied, are told elsewhere: figures of
//! other datasets or strategies have other places. Must not know any result.

use std::path::Path;

use hspipe_engine::Value;
use hspipe_engine::value::show;

/// What the published numbers were made with. Where there are several, ours may be any of them.
const PAPER: &[(&str, &[&str])] = &[
    ("subset_size", &["20000"]),
    ("accuracy_subset_size", &["70000"]),
    ("train_fraction", &["\"1/7\""]),
    ("overfit", &["false"]),
    ("identification_network", &["\"SimpleNN\""]),
    ("evaluation_network", &["\"SimpleNN\""]),
    ("hidden", &["[20,20]"]),
    ("epochs", &["500"]),
    ("learning_rate", &["\"auto\"", "0.1"]),
    ("batch_size", &["\"auto\"", "\"full\""]),
    ("latent_layer", &["1"]),
    ("check_interval", &["5"]),
    ("first_epoch", &["20"]),
    ("snapshot", &["\"last\""]),
];

/// The parameters that a folder of results is for; none if it does not say.
pub fn noted(results: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(results.join("params.yaml")).unwrap_or_default();
    let values = text.lines().filter_map(|line| line.split_once(": "));
    values.filter_map(|(name, value)| Some((name.to_string(), serde_json::from_str(value).ok()?))).collect()
}

/// Such as `epochs=20`, for each parameter that differs.
pub fn other_than_papers<'a>(params: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Vec<String> {
    let differs = |(name, value): (&str, &Value)| {
        let (_, papers) = PAPER.iter().find(|(known, _)| *known == name)?;
        let is_papers = papers.iter().any(|papers| serde_json::from_str(papers).ok().as_ref() == Some(value));
        (!is_papers).then(|| format!("{name}={}", show(value)))
    };
    params.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_parameters_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(folder.path().join("params.yaml"), text).unwrap();
        let other = || {
            let noted = noted(folder.path());
            other_than_papers(noted.iter().map(|(name, value)| (name.as_str(), value)))
        };
        assert_eq!(other(), [""; 0]);
        write("# The parameters\nepochs: 500\nhidden: [20,20]\nlearning_rate: 0.1\nruns: 7\n");
        assert_eq!(other(), [""; 0]);
        write("epochs: 20\nhidden: [20,30]\nsnapshot: \"inversion\"\n");
        assert_eq!(other(), ["epochs=20", "hidden=[20, 30]", "snapshot=inversion"]);
    }
}
