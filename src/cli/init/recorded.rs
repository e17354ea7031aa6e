//! The pipeline for trainings that were recorded elsewhere: `recorded.yaml`, less what the recordings do not allow.
//!
//! In: paths of recordings, and the data if they are named. Out: the pipeline's text, and what was found. A line of the
//! template such as `#@ data` begins lines for pipelines of that kind, `#@ no data` those for others, `#@ end` ends them.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::super::args;
use super::super::error::Hinted;
use super::{Found, described, seen_from};
use crate::recording::{Data, Outputs, Place, Recording, Wanted};

const TEMPLATE: &str = include_str!("recorded.yaml");
/// Stand in the template for the data and for the recordings.
const DATASETS: &str = "datasets: [./my-images]";
const RECORDINGS: &str = "recordings: [./my-recording] ";

/// What is another of networks that have not learned from the samples.
const OUT_OF_SAMPLE: [(&str, &str); 2] = [
    ("strategies: [aum, label_probability]     ", "strategies: [held_out_probability, held_out_margin]"),
    ("rank_by: aum                 ", "rank_by: held_out_probability"),
];

/// What is another of probabilities: energy and confidence are of logits.
const OF_PROBABILITIES: [(&str, &str); 1] = [("scores: [auto]   ", "scores: [auto, -confidence, -energy]")];

/// Recordings, and what is known of them.
pub struct Recorded {
    /// As the pipeline is to name the data, or what the tables call them.
    dataset: Value,
    has_data: bool,
    recordings: Vec<String>,
    out_of_sample: bool,
    of_probabilities: bool,
    has_epochs: bool,
    findings: Vec<String>,
}

/// Reads the recordings, so that what is wrong with them is told before anything is written.
pub fn find(init: &args::Init, folder: &Path, data: Option<&Found>) -> anyhow::Result<Recorded> {
    let mut findings = Vec::new();
    let mut recordings = Vec::new();
    let mut all: Vec<Recording> = Vec::new();
    for path in &init.dynamics {
        let written = seen_from(folder, path)?;
        let of_data = data.and_then(|data| {
            let (labels, names) = data.labels.as_ref()?;
            Some(Data { labels, names, findings: &data.findings })
        });
        let wanted = Wanted { early_epochs: 1, out_of_sample: None, data: of_data };
        let recording = Place::find(path)?.read(&wanted)?;
        if let Some(first) = all.first()
            && (&first.ids, &first.keys, &first.labels)
                != (&recording.ids, &recording.keys, &recording.labels)
        {
            let what = format!(
                "{} and {} are of other samples, or of other labels",
                init.dynamics[0].display(),
                path.display()
            );
            let hint = "recordings that are put together are of one dataset with the same labels";
            return Err(Hinted::usage(what, hint).into());
        }
        let lines: Vec<String> =
            [recording.summary()].into_iter().chain(recording.notices.iter().cloned()).collect();
        findings.extend(described("recording", &written.as_str().into(), &lines));
        recordings.push(written);
        all.push(recording);
    }
    let first = all.first().context("there is no recording")?;
    if let Some([one, .., last]) = data.map(|data| data.files.as_slice()) {
        // Labels do not tell the order within a class.
        let number = data.map_or(0, |data| data.files.len() - 1);
        findings.push(format!("  numbered by the data, sample 0 is {one}, and sample {number} is {last}"));
    }
    if all.iter().any(|other| other.is_out_of_sample != first.is_out_of_sample) {
        let what =
            "some networks have learned from the samples, and some have not: one ranking cannot be of both";
        return Err(Hinted::usage(what.to_owned(), "make a project for each kind").into());
    }
    let dataset = match data {
        Some(data) => data.dataset.clone(),
        None => init.name.clone().unwrap_or_else(|| name(&init.dynamics[0])).into(),
    };
    let of_data = data.map(|data| described("data", &data.dataset, &data.findings));
    Ok(Recorded {
        dataset,
        has_data: data.is_some(),
        recordings,
        out_of_sample: first.is_out_of_sample,
        of_probabilities: all.iter().any(|recording| recording.outputs == Outputs::Probabilities),
        has_epochs: all.iter().all(|recording| recording.epochs > 1),
        findings: of_data.into_iter().flatten().chain(findings).collect(),
    })
}

/// What data are called whose recording alone is there: by the name of its file or folder.
fn name(recording: &Path) -> String {
    let whole = std::path::absolute(recording).unwrap_or_else(|_| recording.to_owned());
    let stem = if whole.is_dir() { whole.file_name() } else { whole.file_stem() };
    stem.map_or_else(|| "recorded".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

impl Recorded {
    /// What was found, in lines.
    pub fn findings(self) -> Vec<String> {
        self.findings
    }

    /// The pipeline.
    pub fn text(&self) -> String {
        let kinds = [
            ("data", self.has_data),
            ("learned", !self.out_of_sample),
            ("epochs", self.has_epochs && !self.out_of_sample),
        ];
        let mut text = of_kinds(TEMPLATE, &kinds);
        let changes =
            [(self.out_of_sample, &OUT_OF_SAMPLE[..]), (self.of_probabilities, &OF_PROBABILITIES[..])];
        for (usual, changed) in
            changes.into_iter().filter(|(is_so, _)| *is_so).flat_map(|(_, changes)| changes)
        {
            text = text.replacen(usual, changed, 1);
        }
        // JSON is YAML too, whatever is in it.
        let recordings = Value::from(self.recordings.clone());
        text.replacen(DATASETS, &format!("datasets: [{}]", self.dataset), 1).replacen(
            RECORDINGS,
            &format!("recordings: {recordings} "),
            1,
        )
    }
}

/// The lines of a template for pipelines that are of these kinds, or not.
fn of_kinds(template: &str, kinds: &[(&str, bool)]) -> String {
    let is_so = |kind: &str| kinds.iter().any(|(name, is_so)| *name == kind && *is_so);
    let (mut text, mut is_kept) = (String::new(), true);
    for line in template.lines() {
        match line.strip_prefix("#@ ") {
            Some("end") => is_kept = true,
            Some(kind) => is_kept = kind.strip_prefix("no ").map_or_else(|| is_so(kind), |kind| !is_so(kind)),
            None if is_kept => {
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use hspipe_engine::spec::Spec;

    use super::*;

    fn recorded(has_data: bool, out_of_sample: bool, has_epochs: bool) -> Recorded {
        Recorded {
            dataset: if has_data { "../my data".into() } else { "mine".into() },
            has_data,
            recordings: vec!["../a, b".into(), "./c".into()],
            out_of_sample,
            of_probabilities: out_of_sample,
            has_epochs,
            findings: Vec::new(),
        }
    }

    #[test]
    fn each_kind_is_a_pipeline() {
        for (has_data, out_of_sample, has_epochs) in [
            (false, false, true),
            (true, false, true),
            (false, true, false),
            (true, true, true),
            (false, false, false),
        ] {
            let text = recorded(has_data, out_of_sample, has_epochs).text();
            assert!(!text.contains("#@"), "{text}");
            let spec = Spec::parse(&text, "pipeline.yaml").unwrap();
            let param = |name: &str| {
                let (_, value) = spec.params.iter().find(|(param, _)| param.text == name).unwrap();
                value.value()
            };
            assert_eq!(param("recordings"), serde_json::json!(["../a, b", "./c"]));
            assert_eq!(param("datasets"), serde_json::json!([if has_data { "../my data" } else { "mine" }]));
            let rank_by = if out_of_sample { "held_out_probability" } else { "aum" };
            assert_eq!(param("rank_by"), serde_json::json!(rank_by));
            assert_eq!(text.contains("strategies: [held_out_probability"), out_of_sample);
            assert_eq!(text.contains("energy"), out_of_sample);
            assert_eq!(text.contains("- data_map"), has_epochs && !out_of_sample);
            assert_eq!(text.contains("load.images"), has_data);
        }
    }
}
