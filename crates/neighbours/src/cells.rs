//! The nearest of each sample among those around it: the samples are divided into cells, and each is compared with the
//! samples of the cells whose centres are nearest to it (an inverted file, as Sivic & Zisserman 2003 search by).
//!
//! In: [`Vectors`]. Out: neighbours, nearly always the nearest, the same whatever the threads and machines: products
//! are exact, and each centre adds up its samples in their order. Knows no labels.

use rayon::prelude::*;

use crate::products::multiply;
use crate::{Neighbour, Vectors, keep_nearest};

/// Cells whose samples each sample is compared with.
const PROBED: usize = 24;

/// Rounds in which the centres move (Lloyd's).
const ROUNDS: usize = 4;

/// Samples per cell that move its centre.
const PER_CELL: usize = 40;

/// As [`nearest`](crate::nearest), for any number of samples. The time grows with n sqrt(n).
pub fn of_near_cells(vectors: &Vectors, group: &[usize], most: usize) -> Vec<Vec<Neighbour>> {
    if vectors.is_empty() {
        return Vec::new();
    }
    let count = ((vectors.len() as f64).sqrt() * 2.0) as usize;
    let centres = centres(vectors, count.clamp(1, vectors.len()));
    let probes: Vec<Vec<u32>> =
        (0..vectors.len()).into_par_iter().map(|at| near_cells(vectors, &centres, at, PROBED)).collect();
    let mut cells = vec![Vec::new(); centres.len()];
    for (sample, probed) in probes.iter().enumerate() {
        cells[probed[0] as usize].push(sample);
    }
    let cells: Vec<Cell> = cells.into_par_iter().map(|samples| Cell::new(vectors, samples)).collect();
    let search = Search { vectors, group, most, cells: &cells };
    (0..vectors.len()).into_par_iter().map(|sample| search.nearest(sample, &probes[sample])).collect()
}

/// Samples with their vectors side by side.
struct Cell {
    samples: Vec<usize>,
    vectors: Vec<i16>,
}

impl Cell {
    fn new(vectors: &Vectors, samples: Vec<usize>) -> Self {
        let rows = samples.iter().flat_map(|sample| vectors.row(*sample)).copied().collect();
        Cell { samples, vectors: rows }
    }
}

struct Search<'a> {
    vectors: &'a Vectors,
    group: &'a [usize],
    most: usize,
    cells: &'a [Cell],
}

impl Search<'_> {
    fn nearest(&self, sample: usize, probed: &[u32]) -> Vec<Neighbour> {
        let list = self.among(sample, probed.iter().map(|cell| &self.cells[*cell as usize]));
        // Where most samples around are the same, there may be too few others.
        if list.len() < self.most { self.among(sample, self.cells.iter()) } else { list }
    }

    fn among<'a>(&self, sample: usize, cells: impl Iterator<Item = &'a Cell>) -> Vec<Neighbour> {
        let Search { vectors, group, most, .. } = *self;
        let (mut list, mut limit, mut products) = (Vec::new(), f32::INFINITY, Vec::new());
        for Cell { samples, vectors: rows } in cells {
            products.resize(samples.len(), 0);
            multiply(vectors.row(sample), rows, &mut products);
            for (position, product) in samples.iter().copied().zip(&products) {
                let distance = vectors.distance_of(*product, sample, position);
                if distance <= limit && group[position] != group[sample] {
                    list.push(Neighbour { distance, position });
                    if list.len() >= 2 * most {
                        limit = keep_nearest(&mut list, most);
                    }
                }
            }
        }
        keep_nearest(&mut list, most);
        list
    }
}

/// The cells whose centres are nearest to a vector, the nearest first, the first of equals first.
fn near_cells(vectors: &Vectors, centres: &Vectors, at: usize, most: usize) -> Vec<u32> {
    let mut products = vec![0; centres.len()];
    multiply(vectors.row(at), centres.rows(0..centres.len()), &mut products);
    let cosine = |cell: usize| products[cell] as f64 * centres.inverse(cell);
    let mut cells: Vec<u32> = (0..centres.len() as u32).collect();
    let order = |a: &u32, b: &u32| cosine(*b as usize).total_cmp(&cosine(*a as usize)).then(a.cmp(b));
    let most = most.min(cells.len());
    cells.select_nth_unstable_by(most - 1, order);
    cells.truncate(most);
    cells.sort_unstable_by(order);
    cells
}

/// The centres of `count` cells, from samples that are spread evenly over all.
fn centres(vectors: &Vectors, count: usize) -> Vectors {
    let spread = |wanted: usize| {
        let wanted = wanted.min(vectors.len());
        (0..wanted).map(move |i| i * vectors.len() / wanted)
    };
    let drawn: Vec<usize> = spread(count * PER_CELL).collect();
    let mut centres = vectors.chosen(spread(count));
    for _ in 0..ROUNDS {
        let nearest: Vec<u32> = drawn.par_iter().map(|at| near_cells(vectors, &centres, *at, 1)[0]).collect();
        let mut members = vec![Vec::new(); count];
        drawn.iter().zip(nearest).for_each(|(at, cell)| members[cell as usize].push(*at));
        let moved = |(cell, members): (usize, &Vec<usize>)| match members.as_slice() {
            [] => centres.row(cell).iter().map(|value| f32::from(*value)).collect(),
            members => direction(vectors, members),
        };
        let moved: Vec<Vec<f32>> = members.par_iter().enumerate().map(moved).collect();
        centres = Vectors::of_numbers(&moved.concat(), vectors.row(0).len());
    }
    centres
}

/// The sum of vectors of length 1 in the direction of each.
fn direction(vectors: &Vectors, members: &[usize]) -> Vec<f32> {
    let mut sum = vec![0.0; vectors.row(0).len()];
    for at in members {
        let inverse = vectors.inverse(*at);
        sum.iter_mut().zip(vectors.row(*at)).for_each(|(sum, value)| *sum += f64::from(*value) * inverse);
    }
    sum.into_iter().map(|value| value as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::of_all_pairs;

    /// 600 samples on a curve, the first 200 of them the same: more than one cell holds.
    fn samples() -> (Vectors, Vec<usize>) {
        let angle = |at: usize| at.max(200) as f32 * 0.01;
        let features: Vec<f32> = (0..600)
            .flat_map(|at| [angle(at).cos(), angle(at).sin(), 0.3 * (3.0 * angle(at)).sin()])
            .collect();
        (Vectors::of_features(&features, 3), (0..600).map(|at| at.max(200)).collect())
    }

    #[test]
    fn neighbours_are_those_of_all_pairs_whatever_the_threads() {
        let (vectors, group) = samples();
        let expected = of_all_pairs(&vectors, &group, 5);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| of_near_cells(&vectors, &group, 5)), expected, "on {threads}");
        }
        assert!(of_near_cells(&Vectors::of_features(&[1.0, 2.0], 2), &[0], 5)[0].is_empty());
        assert!(of_near_cells(&Vectors::of_features(&[], 2), &[], 5).is_empty());
    }
}
