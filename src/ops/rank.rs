//! rank: the hard samples of all sets, by all strategies, and issues -> one order of the dataset's hard samples. Next:
//! `plot_gallery`, `hspipe export hard-samples`.
//!
//! What hardness is, and the order of equals, is said in `hardness`.

use std::collections::BTreeMap;

use hspipe_engine::Value;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, any, one, optional};
use hspipe_engine::value::{canonical, show};
use serde::{Deserialize, Serialize};

use super::hardness::{Found, Sample};
use crate::scores;
use crate::tables::{Classes, Hard, Issues, Mistakes, Named, Ranking, Sources};

pub struct Rank;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Rank {
    type Params = Params;
    const NAME: &'static str = "rank";
    const VERSION: u32 = 6;
    /// The first two are gathered over strategy and whatever else tells sets apart. Issues alone make a ranking too.
    const INPUTS: &'static [InputDecl] =
        &[any("hard"), any("mistakes"), one("classes"), one("sources"), optional("issues")];
    const OUTPUTS: &'static [&'static str] = &["ranking"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Classes::read(task.inputs.one("classes")?.read()?)?;
        let sources = Sources::read(task.inputs.one("sources")?.read()?)?;
        let mut found = Found::default();
        for table in task.inputs.many("hard") {
            let (strategy, _) = coordinates(table)?;
            found.add_set(strategy, &Hard::read(table.read()?)?);
        }
        let issues = task.inputs.optional("issues").map(Table::read).transpose()?;
        let issues = issues.map(Issues::read).transpose()?;
        if issues.is_none() && task.inputs.many("hard").is_empty() {
            return Err(OpError::new("there is nothing to rank by: no set of hard samples came to an end"));
        }
        issues.iter().for_each(|issues| found.add_issues(issues));
        // After all samples are there that networks vote on.
        for table in task.inputs.many("mistakes") {
            let (strategy, set) = coordinates(table)?;
            let network = scores::ALL[strategy].network();
            found.add_mistakes(network, set, &Mistakes::read(table.read()?)?);
        }
        Ok(vec![("ranking", ranking(&found, &classes, &sources, issues.as_ref()).write()?)])
    }
}

/// The place of a table's strategy among the scores, and its other coordinates: those of a set.
fn coordinates(table: &Table) -> Result<(usize, String), OpError> {
    let strategy = table.coord("strategy").map(show);
    let strategy =
        strategy.ok_or_else(|| OpError::new("rank needs the axis `strategy` among those gathered"))?;
    let place = scores::NAMES.iter().position(|name| *name == strategy);
    let place = place.ok_or_else(|| OpError::new(format!("rank knows no strategy `{strategy}`")))?;
    let others = table.coords.iter().filter(|(axis, _)| axis != "strategy").map(|(_, value)| value.clone());
    Ok((place, canonical(&Value::Array(others.collect()))))
}

fn ranking(found: &Found, classes: &Classes, sources: &Sources, issues: Option<&Issues>) -> Ranking {
    let ranking = found.ranking();
    let of_issues = || ranking.iter().map(|(position, _)| Some((issues?, found.row(*position)?)));
    let samples = || ranking.iter().map(|(_, sample)| *sample);
    let name = |class: i32| classes.name.get(class as usize).map(String::from);
    let rows: BTreeMap<i32, usize> = sources.sample_id.iter().copied().zip(0..).collect();
    let places = || samples().map(|sample| rows.get(&sample.sample_id).copied());
    let shares = |strategy: usize| {
        let shares = samples().map(|sample| found.share(sample, strategy)).collect();
        (scores::NAMES[strategy].to_string(), shares)
    };
    Ranking {
        rank: (1..=ranking.len() as i32).collect(),
        position: ranking.iter().map(|(position, _)| *position).collect(),
        sample_id: samples().map(|sample| sample.sample_id).collect(),
        class: samples().map(|sample| sample.class).collect(),
        class_name: samples().map(|sample| name(sample.class).unwrap_or_default()).collect(),
        strategies: Named(found.strategies().map(shares).collect()),
        label_issue: of_issues().map(|at| at.map(|(issues, row)| issues.label_issue[row])).collect(),
        suggested: of_issues().map(|at| at.map(|(issues, row)| issues.suggested[row])).collect(),
        suggested_name: of_issues().map(|at| name(at.map(|(issues, row)| issues.suggested[row])?)).collect(),
        suggested_probability: of_issues()
            .map(|at| at.map(|(issues, row)| issues.suggested_probability[row]))
            .collect(),
        hardness: samples().map(|sample| found.hardness(sample)).collect(),
        predicted: samples().map(Sample::predicted).collect(),
        votes: samples().map(Sample::votes).collect(),
        networks: vec![found.networks() as i32; ranking.len()],
        predicted_name: samples().map(|sample| sample.predicted().and_then(name)).collect(),
        split: places().map(|row| sources.split[row?].clone()).collect(),
        row: places().map(|row| Some(sources.row[row?])).collect(),
        source: places().map(|row| sources.source[row?].clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::hardness::tests::{hard, issues, mistakes};
    use crate::scores::Network;

    #[test]
    fn rows_have_the_names_of_classes_and_files() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[1, 2]));
        let classes = Classes { class: vec![0, 1], name: vec!["ant", "bee"].into() };
        let sources = Sources {
            sample_id: vec![10],
            split: vec![Some("test".into())],
            row: vec![3],
            source: vec![Some("bee/10.png".into())],
        };
        let without = ranking(&found, &classes, &sources, None);
        assert_eq!((without.label_issue, without.suggested), (vec![None; 2], vec![None; 2]));
        let issues = issues(&[7, 1, 2], &[7], &[]);
        found.add_issues(&issues);
        found.add_mistakes(Network::Search, "[0]".into(), &mistakes("search", &[(1, 0), (7, 0)]));
        found.add_mistakes(Network::Search, "[1]".into(), &mistakes("search", &[]));
        let ranking = ranking(&found, &classes, &sources, Some(&issues));
        assert_eq!((ranking.rank, ranking.position), (vec![1, 2, 3], vec![7, 1, 2]));
        assert_eq!(ranking.class_name.to_vec(), ["ant", "bee", "ant"]);
        assert_eq!(ranking.label_issue, [Some(true), Some(false), Some(false)]);
        assert_eq!(ranking.suggested_name, vec![Some("bee".to_string()); 3]);
        let ant = Some("ant".to_string());
        assert_eq!(ranking.predicted_name, [ant.clone(), ant, None], "of what issues alone name too");
        assert_eq!((ranking.votes, ranking.networks), (vec![1, 1, 0], vec![2; 3]));
        assert_eq!(ranking.source, [None, Some("bee/10.png".to_string()), None]);
        assert_eq!((&ranking.split[1], ranking.row), (&Some("test".to_string()), vec![None, Some(3), None]));
    }
}
