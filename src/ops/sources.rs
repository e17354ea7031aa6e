//! sources: a dataset's files -> what is known of its samples beside what they are: set, row, file, text; what features and
//! classes are called; and what was found, in words. Next: `ranking`, `issues`, `gallery`.
//!
//! It is no output of `load`, so that nothing that has been loaded needs to be loaded again.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::datasets::{Datasets, Description, Params};
use crate::tables::{Contents, FeatureNames, Findings, SampleTexts, Sources as Table};

pub struct Sources {
    pub datasets: Arc<Datasets>,
}

impl Op for Sources {
    type Params = Params;
    const NAME: &'static str = "sources";
    const VERSION: u32 = 2;
    /// Read by nobody: `load` comes first, so that data are read once.
    const INPUTS: &'static [InputDecl] = &[one("labels")];
    const OUTPUTS: &'static [&'static str] = &["sources", "contents", "findings", "columns", "texts"];
    const LOCAL: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        self.datasets.canonical(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let found = self.datasets.described(task.params, &mut |line| task.notes.tell(line))?;
        let ids = |count: usize| (0..count as i32).collect::<Vec<i32>>();
        let sets = found.sets.iter().flat_map(|set| std::iter::repeat_n(&set.name, set.samples));
        let sources = Table {
            sample_id: ids(found.labels.len()),
            split: sets.map(|name| (!name.is_empty()).then(|| name.clone())).collect(),
            row: found.rows.iter().map(|row| *row as i32).collect(),
            source: (0..found.labels.len()).map(|sample| found.files.get(sample).cloned()).collect(),
        };
        let columns = FeatureNames {
            feature: ids(found.features.len()),
            name: found.features.iter().map(String::as_str).collect(),
        };
        let texts = SampleTexts {
            sample_id: ids(found.texts.len()),
            text: found.texts.iter().map(String::as_str).collect(),
        };
        let findings = Findings { line: found.findings.iter().map(String::as_str).collect() };
        Ok(vec![
            ("sources", sources.write()?),
            ("contents", contents(&found).write()?),
            ("findings", findings.write()?),
            ("columns", columns.write()?),
            ("texts", texts.write()?),
        ])
    }
}

/// How many samples of each class each set has.
fn contents(found: &Description) -> Contents {
    let (mut sets, mut classes, mut samples) = (Vec::new(), Vec::new(), Vec::new());
    let mut labels = found.labels.as_slice();
    for set in &found.sets {
        let (own, rest) = labels.split_at(set.samples.min(labels.len()));
        let mut counts = vec![0; found.classes.len()];
        own.iter().for_each(|label| counts[usize::from(*label)] += 1);
        sets.extend(counts.iter().map(|_| (!set.name.is_empty()).then(|| set.name.clone())));
        classes.extend(0..counts.len());
        samples.extend(counts);
        labels = rest;
    }
    Contents {
        split: sets,
        class_name: classes.iter().map(|class| found.classes[*class].name.as_str()).collect(),
        class_value: classes.iter().map(|class| found.classes[*class].value.as_str()).collect(),
        class: classes.into_iter().map(|class| class as i32).collect(),
        samples,
    }
}
