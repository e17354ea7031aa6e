//! neighbourhood: the nearest others of each sample, and labels -> how many of them have another label, and how far away they
//! are. Next: `identify`, `scores`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, one};
use serde::{Deserialize, Serialize};

use crate::tables::{self, Neighbours, Samples};

pub struct Neighbourhood;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Neighbourhood {
    type Params = Params;
    const NAME: &'static str = "neighbourhood";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples"), one("neighbours")];
    const OUTPUTS: &'static [&'static str] = &["neighbourhood"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let neighbours = Neighbours::read(task.inputs.one("neighbours")?.read()?)?;
        let labels = samples.label.len();
        let is_there = |position: &i32| (*position as usize) < labels;
        if !neighbours.position.iter().chain(&neighbours.neighbour).all(is_there) {
            return Err(OpError::new(format!("there are neighbours of others than the {labels} samples")));
        }
        let (disagreement, distance) = around(&samples.label, &neighbours);
        let Samples { position, label, .. } = samples;
        let table = tables::Neighbourhood { position, label, disagreement, distance };
        Ok(vec![("neighbourhood", table.write()?)])
    }
}

/// Of each sample the share of its neighbours that have another label, and their mean distance. The nearer a neighbour, the
/// more it counts in the share: exp(-distance / d), where d is the median distance of a sample to its nearest. A sample
/// without neighbours has a share and a distance of 0.
fn around(labels: &[i32], neighbours: &Neighbours) -> (Vec<f64>, Vec<f64>) {
    let Neighbours { position, neighbour, distance, .. } = neighbours;
    let typical = typical_distance(neighbours);
    let weight = |distance: f64| if typical > 0.0 { libm::exp(-distance / typical) } else { 1.0 };
    let mut sums = vec![(0.0, 0.0, 0.0, 0.0); labels.len()];
    for ((at, other), distance) in position.iter().zip(neighbour).zip(distance) {
        let (others, weights, distances, count) = &mut sums[*at as usize];
        let distance = f64::from(*distance);
        let weight = weight(distance);
        if labels[*at as usize] != labels[*other as usize] {
            *others += weight;
        }
        *weights += weight;
        *distances += distance;
        *count += 1.0;
    }
    let ratio = |above: f64, below: f64| if below > 0.0 { above / below } else { 0.0 };
    let of = |(others, weights, distances, count): (f64, f64, f64, f64)| {
        (ratio(others, weights), ratio(distances, count))
    };
    sums.into_iter().map(of).unzip()
}

/// The median distance of a sample to its nearest; 0 if none has neighbours.
pub fn typical_distance(neighbours: &Neighbours) -> f64 {
    let all = neighbours.rank.iter().zip(&neighbours.distance);
    let mut nearest: Vec<f32> = all.filter(|(rank, _)| **rank == 1).map(|(_, distance)| *distance).collect();
    nearest.sort_unstable_by(f32::total_cmp);
    nearest.get(nearest.len() / 2).map_or(0.0, |median| f64::from(*median))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: nearest distances are .1, .2 and .4, so that d = .2. The first sample's neighbours, at .1 and .3, have its
    /// label and another: exp(-1.5) / (exp(-.5) + exp(-1.5)) = 1 / (e + 1).
    #[test]
    fn near_neighbours_count_more() {
        let neighbours = Neighbours {
            position: vec![0, 0, 1, 2],
            rank: vec![1, 2, 1, 1],
            neighbour: vec![1, 2, 0, 0],
            distance: vec![0.1, 0.3, 0.2, 0.4],
        };
        let (disagreement, distance) = around(&[5, 5, 6, 6], &neighbours);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(disagreement[0], 1.0 / (std::f64::consts::E + 1.0)), "{disagreement:?}");
        assert_eq!(disagreement[1..], [0.0, 1.0, 0.0]);
        assert!(near(distance[0], 0.2) && near(distance[2], 0.4) && distance[3] == 0.0);
    }
}
