//! How usual a sample looks, and what it nearly is: from distances to nearest neighbours.

use std::collections::HashMap;

use crate::ops::neighbourhood::typical_distance;
use crate::tables::Neighbours;

/// Of the distance that samples typically have to their nearest: what is nearer is nearly the same. Strokes of MNIST's ones
/// come as near as .052; the pairs of FashionMNIST below .05 are one picture twice.
const NEAR: f64 = 0.05;

/// Of the interquartile range, by Tukey's fence (Exploratory Data Analysis, 1977).
const FENCE: f64 = 1.5;

/// How usual each sample looks.
pub struct Looks {
    /// The share of the others that lie further from their neighbours than the sample: 1 for the most usual.
    pub typicality: Vec<f64>,
    /// Whether it lies much further from them than samples do: by their logarithms, 1.5 interquartile ranges above the upper
    /// quartile.
    pub unusual: Vec<bool>,
}

impl Looks {
    /// Of the mean distances of samples to their neighbours.
    pub fn new(isolation: &[f64]) -> Looks {
        let mut sorted = isolation.to_vec();
        sorted.sort_by(f64::total_cmp);
        let others = isolation.len().saturating_sub(1).max(1) as f64;
        let above = |distance: f64| sorted.len() - sorted.partition_point(|other| *other <= distance);
        let typicality = isolation.iter().map(|distance| above(*distance) as f64 / others).collect();
        let fence = fence(&sorted);
        Looks { typicality, unusual: isolation.iter().map(|distance| *distance > fence).collect() }
    }
}

/// The distance above which there is none that is usual; infinite where a quarter of the samples have no distance.
fn fence(sorted: &[f64]) -> f64 {
    let quartile =
        |quarters: usize| sorted.get(sorted.len() * quarters / 4).map(|distance| libm::log(*distance));
    match (quartile(1), quartile(3)) {
        (Some(low), Some(high)) if low.is_finite() => libm::exp(high + FENCE * (high - low)),
        _ => f64::INFINITY,
    }
}

/// For each sample that is nearly the same as an earlier one: that one's id. Both are given by their positions in `ids`.
pub fn near_duplicates(neighbours: &Neighbours, ids: &[i32]) -> HashMap<usize, i32> {
    let Neighbours { position, neighbour, distance, .. } = neighbours;
    let typical = typical_distance(neighbours);
    let mut found: HashMap<usize, i32> = HashMap::new();
    for ((at, other), distance) in position.iter().zip(neighbour).zip(distance) {
        let id = |position: i32| ids.get(position as usize).copied();
        let (Some(own), Some(other)) = (id(*at), id(*other)) else { continue };
        if other < own && f64::from(*distance) < NEAR * typical {
            found.entry(*at as usize).and_modify(|first| *first = other.min(*first)).or_insert(other);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: quartiles are .2 and .4, so that the fence is .4 * 2^1.5 = 1.13.
    #[test]
    fn what_lies_far_from_all_is_unusual() {
        let looks = Looks::new(&[0.1, 1.2, 0.2, 0.4, 0.2, 0.3, 0.2, 0.3, 1.1]);
        assert_eq!(looks.unusual, [false, true, false, false, false, false, false, false, false]);
        let eighths = [8.0, 0.0, 5.0, 2.0, 5.0, 3.0, 5.0, 3.0, 1.0];
        assert_eq!(looks.typicality, eighths.map(|eighths| eighths / 8.0));
        assert_eq!(Looks::new(&[0.0, 0.0, 0.5, 9.0]).unusual, [false; 4], "duplicates have no distance");
        assert!(Looks::new(&[]).unusual.is_empty());
    }

    /// By hand: nearest distances are .001, .001, .1, .1 and .2, their median .1.
    #[test]
    fn what_is_nearly_the_same_is_so_of_the_first() {
        let neighbours = Neighbours {
            position: vec![0, 0, 1, 1, 2, 3, 4],
            rank: vec![1, 2, 1, 2, 1, 1, 1],
            neighbour: vec![1, 4, 0, 2, 1, 1, 1],
            distance: vec![0.001, 0.002, 0.001, 0.2, 0.1, 0.1, 0.2],
        };
        let found = near_duplicates(&neighbours, &[9, 5, 7, 8, 3]);
        assert_eq!(found, HashMap::from([(0, 3)]), "of 5 too, but 3 is the first");
    }
}
