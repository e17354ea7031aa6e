//! overlap: hard samples by several strategies -> how many of one's are hard by another, in percent.

use std::collections::{BTreeMap, HashSet};

use hspipe_engine::Value;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, available};
use hspipe_engine::value::{canonical, show};
use polars::prelude::{IntoLazy, col, df};
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables::{self, OverlapSets};

pub struct Overlap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Overlap {
    type Params = Params;
    const NAME: &'static str = "overlap";
    const VERSION: u32 = 1;
    /// Gathered over strategy, train_ratio and set.
    const INPUTS: &'static [InputDecl] = &[available("hard")];
    const OUTPUTS: &'static [&'static str] = &["sets", "summary"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let mut sets: BTreeMap<String, Vec<Hard>> = BTreeMap::new();
        for table in task.inputs.many("hard") {
            let hard = Hard::read(table)?;
            sets.entry(hard.set_name.clone()).or_default().push(hard);
        }
        let pairs: Vec<Pair> = sets.values().flat_map(|set| pairs(set)).collect();
        let text = |of: for<'a> fn(&'a Pair<'a>) -> &'a str| {
            pairs.iter().map(|pair| of(pair).to_string()).collect::<Vec<_>>()
        };
        let percent: Vec<Option<f64>> = pairs.iter().map(|pair| pair.percent).collect();
        let sets = OverlapSets {
            a: text(|pair| pair.a).into(),
            b: text(|pair| pair.b).into(),
            train_ratio: pairs.iter().map(|pair| pair.train_ratio).collect(),
            set: pairs.iter().map(|pair| pair.set).collect(),
            percent: percent.clone(),
        };
        let rows = df!("a" => text(|pair| pair.a), "b" => text(|pair| pair.b), "percent" => percent);
        let summary = stats::summary(rows.map_err(stats::failed)?.lazy(), &["a", "b"], col("percent"))?;
        let summary = tables::Overlap {
            a: stats::texts(&summary, "a")?.into(),
            b: stats::texts(&summary, "b")?.into(),
            mean: stats::floats(&summary, "mean")?,
            std: stats::floats(&summary, "std")?,
            n: stats::ints(&summary, "n")?,
        };
        Ok(vec![("sets", sets.write()?), ("summary", summary.write()?)])
    }
}

/// The hard samples of one set by one strategy.
struct Hard {
    strategy: String,
    train_ratio: f64,
    set: i32,
    set_name: String,
    samples: HashSet<i32>,
}

impl Hard {
    fn read(table: &Table) -> Result<Hard, OpError> {
        let coord = |axis: &str| {
            let lacking = || OpError::new(format!("overlap needs the axis `{axis}` among those gathered"));
            table.coord(axis).ok_or_else(lacking)
        };
        // Sets are in the order of these.
        let named = ["train_ratio", "set"].map(|axis| coord(axis).cloned());
        let is_other = |axis: &str| !["strategy", "train_ratio", "set"].contains(&axis);
        let others =
            table.coords.iter().filter(|(axis, _)| is_other(axis)).map(|(_, value)| Ok(value.clone()));
        let names: Vec<Value> = named.into_iter().chain(others).collect::<Result<_, OpError>>()?;
        let positions = tables::Hard::read(table.read()?)?.position;
        Ok(Hard {
            strategy: show(coord("strategy")?),
            train_ratio: coord("train_ratio")?.as_f64().unwrap_or(f64::NAN),
            set: coord("set")?.as_i64().unwrap_or(-1) as i32,
            set_name: canonical(&Value::Array(names)),
            samples: positions.into_iter().collect(),
        })
    }
}

struct Pair<'a> {
    a: &'a str,
    b: &'a str,
    train_ratio: f64,
    set: i32,
    /// 100 |a and b| / |a|; none if a is empty.
    percent: Option<f64>,
}

fn pairs(set: &[Hard]) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    for a in set {
        for b in set.iter().filter(|b| b.strategy != a.strategy) {
            let both = a.samples.intersection(&b.samples).count();
            let percent = (!a.samples.is_empty()).then(|| 100.0 * both as f64 / a.samples.len() as f64);
            pairs.push(Pair {
                a: &a.strategy,
                b: &b.strategy,
                train_ratio: a.train_ratio,
                set: a.set,
                percent,
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_of_the_first_set() {
        let hard = |strategy: &str, samples: &[i32]| Hard {
            strategy: strategy.into(),
            train_ratio: 0.9,
            set: 0,
            set_name: String::new(),
            samples: samples.iter().copied().collect(),
        };
        let set = [hard("x", &[1, 2, 3, 4]), hard("y", &[4, 5])];
        let percents: Vec<Option<f64>> = pairs(&set).iter().map(|pair| pair.percent).collect();
        assert_eq!(percents, [Some(25.0), Some(50.0)]);
        assert_eq!(pairs(&[hard("x", &[]), hard("y", &[1])])[0].percent, None);
    }
}
