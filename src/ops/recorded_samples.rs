//! recorded_samples: the labels of one or several recordings -> the samples that all of them are of. Next: `scores`,
//! `identify`, `issues`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, many};
use hspipe_engine::value::show;
use serde::{Deserialize, Serialize};

use crate::tables::{Classes, RecordedLabels, Samples, Sources};

pub struct RecordedSamples;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for RecordedSamples {
    type Params = Params;
    const NAME: &'static str = "recorded_samples";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[many("labels"), many("classes")];
    const OUTPUTS: &'static [&'static str] = &["samples", "classes", "sources"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let (labels, classes) = (task.inputs.many("labels"), task.inputs.many("classes"));
        let [first, others @ ..] = labels else { return Err(OpError::new("there is no recording")) };
        let of_first = RecordedLabels::read(first.read()?)?;
        for other in others {
            let of_other = RecordedLabels::read(other.read()?)?;
            if let Some(difference) = difference(&of_first, &of_other) {
                return Err(unlike(first, other, &difference));
            }
        }
        if let Some(other) = classes.iter().find(|other| other.digest != classes[0].digest) {
            return Err(unlike(first, other, "they have other classes, or these in another order"));
        }
        let names = Classes::read(classes[0].read()?)?;
        let RecordedLabels { sample_id, label, key } = of_first;
        let count = sample_id.len();
        let samples = Samples {
            position: (0..count as i32).collect(),
            sample_id: sample_id.clone(),
            clean_label: label.clone(),
            label,
        };
        let sources = Sources { row: sample_id.clone(), sample_id, split: vec![None; count], source: key };
        Ok(vec![("samples", samples.write()?), ("classes", names.write()?), ("sources", sources.write()?)])
    }
}

fn unlike(one: &Table, other: &Table, difference: &str) -> OpError {
    let name = |table: &Table| table.coord("recording").map(show).unwrap_or_default();
    OpError::new(format!("{} and {} are not of the same samples: {difference}", name(one), name(other)))
        .hint("recordings that are put together are of one dataset with the same labels; give others a project each".to_string())
}

/// In what the samples of two recordings differ.
fn difference(one: &RecordedLabels, other: &RecordedLabels) -> Option<String> {
    if one.sample_id.len() != other.sample_id.len() {
        return Some(format!("there are {} and {}", one.sample_id.len(), other.sample_id.len()));
    }
    let rows = 0..one.sample_id.len();
    let is_other =
        |row: &usize| one.sample_id[*row] != other.sample_id[*row] || one.key[*row] != other.key[*row];
    if let Some(row) = rows.clone().find(is_other) {
        return Some(format!("sample {} is in one alone", one.sample_id[row].min(other.sample_id[row])));
    }
    let row = rows.clone().find(|row| one.label[*row] != other.label[*row])?;
    let many = rows.filter(|row| one.label[*row] != other.label[*row]).count();
    let (id, a, b) = (one.sample_id[row], one.label[row], other.label[row]);
    Some(format!("{many} labels differ, such as that of sample {id}: {a} and {b}"))
}
