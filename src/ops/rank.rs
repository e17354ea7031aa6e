//! rank: the hard samples of all sets, by all strategies -> one order of the dataset's hard samples. Next:
//! `plot_gallery`, `hspipe export hard-samples`.
//!
//! What hardness is, and the order of equals, is said in `hardness`.

use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::Value;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, available, one};
use hspipe_engine::value::{canonical, show};
use serde::{Deserialize, Serialize};

use super::hardness::{Found, STRATEGIES, Sample};
use crate::tables::{Column, Frame, RANKING, TableError, write};

pub struct Rank;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Rank {
    type Params = Params;
    const NAME: &'static str = "rank";
    const VERSION: u32 = 1;
    /// The first two are gathered over strategy and whatever else tells sets apart.
    const INPUTS: &'static [InputDecl] =
        &[available("hard"), available("mistakes"), one("classes"), one("sources")];
    const OUTPUTS: &'static [&'static str] = &["ranking"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Frame::read("classes", task.inputs.one("classes")?.read()?)?;
        let sources = Frame::read("sources", task.inputs.one("sources")?.read()?)?;
        let mut found = Found::default();
        for table in task.inputs.many("hard") {
            let (strategy, _) = coordinates(table)?;
            found.add_set(strategy, &Frame::read("hard", table.read()?)?)?;
        }
        let mut seen = BTreeSet::new();
        for table in task.inputs.many("mistakes") {
            let (_, set) = coordinates(table)?;
            found.add_mistakes(&set, &mut seen, &Frame::read("mistakes", table.read()?)?)?;
        }
        let ranking = found.ranking();
        Ok(vec![("ranking", write(&RANKING, columns(&ranking, &found, &classes, &sources)?)?)])
    }
}

/// The place of a table's strategy, and its other coordinates: those of a set.
fn coordinates(table: &Table) -> Result<(usize, String), OpError> {
    let is_strategy = |(axis, _): &&(String, Value)| axis == "strategy";
    let strategy = table.coords.iter().find(is_strategy).map(|(_, value)| show(value));
    let strategy =
        strategy.ok_or_else(|| OpError::new("rank needs the axis `strategy` among those gathered"))?;
    let place = STRATEGIES.iter().position(|name| *name == strategy);
    let place = place.ok_or_else(|| OpError::new(format!("rank knows no strategy `{strategy}`")))?;
    let others = table.coords.iter().filter(|coord| !is_strategy(coord)).map(|(_, value)| value.clone());
    Ok((place, canonical(&Value::Array(others.collect()))))
}

fn columns(
    ranking: &[(i32, &Sample)],
    found: &Found,
    classes: &Frame,
    sources: &Frame,
) -> Result<Vec<Column>, TableError> {
    let names = classes.text("name")?;
    let name = |class: i32| names.get(class as usize).map(|name| name.to_string());
    let files: BTreeMap<i32, &str> =
        sources.i32("sample_id")?.iter().copied().zip(sources.text("source")?).collect();
    let whole =
        |of: &dyn Fn(&Sample) -> i32| ranking.iter().map(|(_, sample)| of(sample)).collect::<Vec<i32>>();
    let text = |of: &dyn Fn(&Sample) -> Option<String>| {
        ranking.iter().map(|(_, sample)| of(sample)).collect::<Vec<Option<String>>>()
    };
    let share = |strategy: usize| {
        ranking.iter().map(|(_, sample)| found.share(sample, strategy)).collect::<Vec<Option<f64>>>()
    };
    Ok(vec![
        (1..=ranking.len() as i32).collect::<Vec<i32>>().into(),
        ranking.iter().map(|(position, _)| *position).collect::<Vec<i32>>().into(),
        whole(&|sample| sample.sample_id).into(),
        whole(&|sample| sample.class).into(),
        text(&|sample| Some(name(sample.class).unwrap_or_default())).into(),
        share(0).into(),
        share(1).into(),
        share(2).into(),
        ranking.iter().map(|(_, sample)| found.hardness(sample)).collect::<Vec<f64>>().into(),
        ranking.iter().map(|(_, sample)| sample.predicted()).collect::<Vec<Option<i32>>>().into(),
        text(&|sample| sample.predicted().and_then(name)).into(),
        text(&|sample| files.get(&sample.sample_id).map(|file| file.to_string())).into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::hardness::tests::{hard, mistakes};
    use crate::tables::{CLASSES, SOURCES};

    #[test]
    fn rows_have_the_names_of_classes_and_files() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[1, 2])).unwrap();
        found.add_mistakes("", &mut BTreeSet::new(), &mistakes("search", &[(1, 0)])).unwrap();
        let classes = write(&CLASSES, vec![vec![0, 1].into(), vec!["ant", "bee"].into()]).unwrap();
        let sources = write(&SOURCES, vec![vec![10].into(), vec!["bee/10.png"].into()]).unwrap();
        let read = |name: &str, bytes| Frame::read(name, bytes).unwrap();
        let (classes, sources) = (read("classes", classes), read("sources", sources));
        let rows = columns(&found.ranking(), &found, &classes, &sources).unwrap();
        let ranking = read("ranking", write(&RANKING, rows).unwrap());
        assert_eq!(ranking.i32("rank").unwrap(), [1, 2]);
        assert_eq!(ranking.text("class_name").unwrap(), ["bee", "ant"]);
        assert_eq!(ranking.text("predicted_name").unwrap(), ["ant", ""]);
        assert_eq!(ranking.text("source").unwrap(), ["bee/10.png", ""]);
    }
}
