//! Which parameters of our results are not the paper's.
//!
//! In: names and values, as they are set or as Results/ names them. Out: those that differ. Numbers of runs, and what is studied, are told elsewhere: figures of
//! other datasets or strategies have other places. Must not know any result.

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
    ("momentum", &["0"]),
    ("latent_layer", &["1"]),
    ("check_interval", &["5"]),
    ("first_epoch", &["20"]),
    ("snapshot", &["\"last\""]),
];

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
        let other =
            |params: &[(&str, Value)]| other_than_papers(params.iter().map(|(name, value)| (*name, value)));
        assert_eq!(other(&[]), [""; 0]);
        let papers = [
            ("epochs", 500.into()),
            ("hidden", vec![20, 20].into()),
            ("learning_rate", 0.1.into()),
            ("runs", 7.into()),
        ];
        assert_eq!(other(&papers), [""; 0]);
        let others =
            [("epochs", 20.into()), ("hidden", vec![20, 30].into()), ("snapshot", "inversion".into())];
        assert_eq!(other(&others), ["epochs=20", "hidden=[20, 30]", "snapshot=inversion"]);
    }
}
