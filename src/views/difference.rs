//! How the results of two runs differ: numbers, hard samples, scores, figures.
//!
//! In: the tasks of both runs with their keys, the pipeline's result tables, the store. Out: lines for people. What was
//! collected from the cache since is passed over and counted.

use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::history::{RunRecord, stage_of};
use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::spec::Spec;
use hspipe_engine::store::{Output, Store};
use polars::prelude::*;

use super::aligned::{Cell, Table};
use crate::statistics::spearman;
use crate::tables::{Figure, Frame, Hard};

/// Two runs side by side.
pub struct Difference<'a> {
    pub store: &'a Store,
    pub old: &'a RunRecord,
    pub new: &'a RunRecord,
}

impl Difference<'_> {
    /// Per stage: tasks whose results are the same, have changed, are new, are gone. Stages that are all the same are
    /// left out.
    pub fn tasks(&self) -> Option<String> {
        let mut stages: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        let names: BTreeSet<&String> = self.old.keys.keys().chain(self.new.keys.keys()).collect();
        for name in names {
            let (old, new) = (self.old.keys.get(name), self.new.keys.get(name));
            let what = match (old, new) {
                (Some(old), Some(new)) if self.is_same(name, old, new) => 0,
                (Some(_), Some(_)) => 1,
                (None, _) => 2,
                (_, None) => 3,
            };
            stages.entry(stage_of(name)).or_default()[what] += 1;
        }
        stages.retain(|_, counts| counts[1..].iter().any(|count| *count > 0));
        let mut table = Table::new(&["stage", "same", "changed", "new", "gone"]);
        let is_empty = stages.is_empty();
        for (stage, counts) in stages {
            let counts = counts.iter().map(|count| Cell::from(*count));
            table.row(std::iter::once(stage.into()).chain(counts).collect());
        }
        (!is_empty).then(|| table.text())
    }

    /// Whether a task has given the same bytes in both runs, under whatever keys.
    fn is_same(&self, task: &str, old: &TaskKey, new: &TaskKey) -> bool {
        match (self.old.results.get(task), self.new.results.get(task)) {
            (Some(old), Some(new)) => old == new,
            // A record of a run from before results were kept.
            _ => old == new,
        }
    }

    /// Per result table that differs, each column of numbers: mean, population standard deviation and count of all its
    /// rows in both runs.
    pub fn numbers(&self, spec: &Spec) -> anyhow::Result<Option<String>> {
        let head = ["table", "column", "mean", "mean then", "std", "std then", "n", "n then"];
        let (mut table, mut is_empty) = (Table::new(&head), true);
        for result in &spec.results {
            let of = |run: &RunRecord| -> BTreeMap<String, Output> {
                let outputs = result.of.iter().flat_map(|reference| {
                    self.outputs(run, &reference.stage.text, reference.table.as_deref())
                });
                outputs.collect()
            };
            let (old, new) = (of(self.old), of(self.new));
            let digests = |outputs: &BTreeMap<String, Output>| -> Vec<Digest> {
                outputs.values().map(|output| output.digest).collect()
            };
            if digests(&old) == digests(&new) {
                continue;
            }
            let (old, new) = (self.summary(old.values())?, self.summary(new.values())?);
            let columns: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for column in columns {
                let (old, new) = (old.get(column), new.get(column));
                let cells = (0..3).flat_map(|place| [cell(new, place), cell(old, place)]);
                let name: Cell = result.name.text.clone().into();
                table.row([name, column.clone().into()].into_iter().chain(cells).collect());
                is_empty = false;
            }
        }
        Ok((!is_empty).then(|| table.text()))
    }

    /// Mean, std and count of each column of floating point numbers.
    fn summary<'a>(
        &self,
        outputs: impl Iterator<Item = &'a Output>,
    ) -> anyhow::Result<BTreeMap<String, [f64; 3]>> {
        let mut frames = Vec::new();
        for output in outputs {
            let bytes = self.store.read(&output.digest)?;
            frames.push(Frame::read(&output.table, bytes)?.to_polars()?.lazy());
        }
        let mut summary = BTreeMap::new();
        if frames.is_empty() {
            return Ok(summary);
        }
        let all = concat(frames, UnionArgs::default())?.collect()?;
        for column in all.columns().iter().filter(|column| column.dtype().is_float()) {
            let values = column.cast(&DataType::Float64)?;
            let values = values.f64()?;
            if let (Some(mean), Some(std)) = (values.mean(), values.std(0)) {
                let n = (values.len() - values.null_count()) as f64;
                summary.insert(column.name().to_string(), [mean, std, n]);
            }
        }
        Ok(summary)
    }

    /// The table of a stage's tasks in a run, by task; the only one if it is not named.
    fn outputs(&self, run: &RunRecord, stage: &str, table: Option<&str>) -> Vec<(String, Output)> {
        let tasks = run.keys.iter().filter(|(name, _)| stage_of(name) == stage);
        let output = |(name, key): (&String, &TaskKey)| {
            let record = self.store.lookup(key)?;
            let mut outputs = record.outputs.into_iter();
            let found = outputs.find(|output| table.is_none_or(|table| output.table == table))?;
            Some((name.clone(), found))
        };
        tasks.filter_map(output).collect()
    }

    /// For tasks that both runs have: how much their sets of hard samples share, and how alike their scores rank.
    pub fn hard_samples(&self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        let shared = self.pairs("hard", |old, new| {
            let set = |bytes| -> anyhow::Result<BTreeSet<i32>> {
                Ok(Hard::read(bytes)?.sample_id.into_iter().collect())
            };
            let (old, new) = (set(old)?, set(new)?);
            let (both, any) = (old.intersection(&new).count(), old.union(&new).count());
            Ok((any > 0).then(|| both as f64 / any as f64))
        })?;
        lines.extend(line("hard samples", "Jaccard index", &shared));
        let ranked = self.pairs("scores", |old, new| {
            // Of a fit, or of a search.
            let scores = |bytes| -> anyhow::Result<BTreeMap<i32, f32>> {
                let frame = Frame::read("scores", bytes)?;
                let column = if frame.has("confidence") { "confidence" } else { "margin_last" };
                let (positions, scores) =
                    (frame.column::<Vec<i32>>("position")?, frame.column::<Vec<f32>>(column)?);
                Ok(positions.into_iter().zip(scores).collect())
            };
            let (old, new) = (scores(old)?, scores(new)?);
            let pairs: Vec<(f32, f32)> =
                old.iter().filter_map(|(position, score)| Some((*score, *new.get(position)?))).collect();
            Ok(rank_correlation(&pairs))
        })?;
        lines.extend(line("scores", "rank correlation", &ranked));
        Ok(lines)
    }

    /// What `compare` gives for a table of each task whose result has changed.
    fn pairs(
        &self,
        table: &str,
        compare: impl Fn(Vec<u8>, Vec<u8>) -> anyhow::Result<Option<f64>>,
    ) -> anyhow::Result<Vec<f64>> {
        let mut values = Vec::new();
        for (name, old) in &self.old.keys {
            let Some(new) = self.new.keys.get(name).filter(|new| *new != old) else { continue };
            let output = |key| {
                let record = self.store.lookup(key)?;
                record.outputs.into_iter().find(|output| output.table == table)
            };
            let (Some(old), Some(new)) = (output(old), output(new)) else { continue };
            if old.digest == new.digest {
                continue;
            }
            values.extend(compare(self.store.read(&old.digest)?, self.store.read(&new.digest)?)?);
        }
        Ok(values)
    }

    /// The stages whose pictures have changed.
    pub fn figures(&self) -> Vec<&str> {
        let picture = |key: Option<&TaskKey>| {
            let record = self.store.record(key?)?;
            record.outputs.into_iter().find(|output| output.table == Figure::SCHEMA.name)
        };
        let changed = self.new.keys.iter().filter(|(name, key)| {
            let (new, old) = (picture(Some(key)), picture(self.old.keys.get(*name)));
            new.is_some() && old.is_some() && new != old
        });
        changed.map(|(name, _)| name.as_str()).collect()
    }
}

fn cell(summary: Option<&[f64; 3]>, place: usize) -> Cell {
    let decimals = if place == 2 { 0 } else { 4 };
    Cell::Number(summary.map_or("-".into(), |values| format!("{:.decimals$}", values[place])))
}

fn line(what: &str, measure: &str, values: &[f64]) -> Option<String> {
    let least = values.iter().copied().reduce(f64::min)?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(format!("{what}: {} changed; {measure} {mean:.3} on average, {least:.3} at least", values.len()))
}

/// Spearman's; none if one side does not vary.
fn rank_correlation(pairs: &[(f32, f32)]) -> Option<f64> {
    let (old, new): (Vec<f64>, Vec<f64>) =
        pairs.iter().map(|(old, new)| (f64::from(*old), f64::from(*new))).unzip();
    spearman(&old, &new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the ranks 0, 1.5, 1.5, 3 and 1, 0, 2.5, 2.5. python: numpy.corrcoef([0, 1.5, 1.5, 3], [1, 0, 2.5, 2.5])[0, 1]
    #[test]
    fn rank_correlation_is_spearmans() {
        let pairs = [(1.0, 3.0), (2.0, 1.0), (2.0, 5.0), (4.0, 5.0)];
        assert!((rank_correlation(&pairs).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(rank_correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
