//! Radii of class manifolds.
//!
//! In: activations of the first hidden layer, sample by sample. Out: for each class and network
//! sqrt(mean ||u - m||^2), where u is a sample's activations scaled to unit length and m their mean. In f64, and
//! around each partition's first sample of the class, so that no digits cancel. Knows no layers.

use crate::lanes::{Kernel, LANES, Lanes, Vector};

type Doubles = [f64; LANES];

/// Keeps activations that are all zero from dividing by zero.
const SHORTEST: f64 = 1e-12;

/// The sums over one partition of the samples.
#[derive(Clone, Debug)]
pub struct RadiusSums {
    classes: Vec<ClassSums>,
}

#[derive(Clone, Debug)]
struct ClassSums {
    count: usize,
    /// The first sample's unit vector.
    origin: Vec<Doubles>,
    /// Of the differences to it.
    sum: Vec<Doubles>,
    squares: Doubles,
}

impl RadiusSums {
    pub fn new(classes: usize, units: usize) -> Self {
        let zero = vec![[0.0; LANES]; units];
        let class = ClassSums { count: 0, origin: zero.clone(), sum: zero, squares: [0.0; LANES] };
        RadiusSums { classes: vec![class; classes] }
    }

    pub fn clear(&mut self) {
        for class in &mut self.classes {
            class.count = 0;
            class.sum.fill([0.0; LANES]);
            class.squares = [0.0; LANES];
        }
    }

    /// Takes one sample's activations, whose units stand in columns.
    #[inline(always)]
    fn add<const STRIDE: usize>(&mut self, class: usize, activations: &[Vector]) {
        let class = &mut self.classes[class];
        let values = |unit: usize| -> [f64; STRIDE] {
            let (vector, lane) = (unit / (LANES / STRIDE), unit % (LANES / STRIDE) * STRIDE);
            std::array::from_fn(|i| f64::from(activations[vector].0[lane + i]))
        };
        let mut squares = [0.0; STRIDE];
        for unit in 0..class.origin.len() {
            for (square, value) in squares.iter_mut().zip(values(unit)) {
                *square += value * value;
            }
        }
        let scale = squares.map(|square| 1.0 / square.sqrt().max(SHORTEST));
        if class.count == 0 {
            for (unit, origin) in class.origin.iter_mut().enumerate() {
                let values = values(unit);
                (0..STRIDE).for_each(|i| origin[i] = values[i] * scale[i]);
            }
        }
        class.count += 1;
        let mut squares: [f64; STRIDE] = std::array::from_fn(|i| class.squares[i]);
        for (unit, (origin, sum)) in class.origin.iter().zip(&mut class.sum).enumerate() {
            let values = values(unit);
            for i in 0..STRIDE {
                let difference = values[i] * scale[i] - origin[i];
                sum[i] += difference;
                squares[i] += difference * difference;
            }
        }
        class.squares[..STRIDE].copy_from_slice(&squares);
    }
}

/// Adds samples to the sums.
pub struct Take<'a, const STRIDE: usize> {
    pub sums: &'a mut RadiusSums,
    pub labels: &'a [usize],
    /// A row per label at least, its units in columns.
    pub activations: &'a [Vector],
    /// Vectors per row.
    pub width: usize,
}

impl<const STRIDE: usize> Kernel for Take<'_, STRIDE> {
    type Output = ();

    /// Written for one value at a time, which the compiler turns into the instructions of the path it is in.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (row, label) in self.activations.chunks_exact(self.width).zip(self.labels) {
            self.sums.add::<STRIDE>(*label, row);
        }
    }
}

/// The radii of the first `networks` lanes, for each its classes'; NaN for a class without samples.
pub fn radii<'a>(partitions: impl Iterator<Item = &'a RadiusSums>, networks: usize) -> Vec<Vec<f64>> {
    let mut partitions = partitions.map(|sums| sums.classes.iter().map(Spread::of).collect::<Vec<_>>());
    let first = partitions.next().unwrap_or_default();
    let classes =
        partitions.fold(first, |sum, next| sum.into_iter().zip(next).map(|(a, b)| a.with(b)).collect());
    (0..networks).map(|network| classes.iter().map(|class| class.radius(network)).collect()).collect()
}

/// Count, mean and sum of squared distances to the mean.
struct Spread {
    count: f64,
    mean: Vec<Doubles>,
    squares: Doubles,
}

impl Spread {
    fn of(sums: &ClassSums) -> Self {
        let count = sums.count as f64;
        let mut squares = sums.squares;
        let mut mean = sums.origin.clone();
        if sums.count > 0 {
            for (mean, sum) in mean.iter_mut().zip(&sums.sum) {
                for i in 0..LANES {
                    mean[i] += sum[i] / count;
                    squares[i] -= sum[i] * sum[i] / count;
                }
            }
        }
        Spread { count, mean, squares }
    }

    /// The spread of both together (Chan, Golub and LeVeque 1979).
    fn with(mut self, other: Spread) -> Self {
        if self.count == 0.0 || other.count == 0.0 {
            return if self.count == 0.0 { other } else { self };
        }
        let count = self.count + other.count;
        for (mean, theirs) in self.mean.iter_mut().zip(&other.mean) {
            for i in 0..LANES {
                let difference = theirs[i] - mean[i];
                mean[i] += difference * (other.count / count);
                self.squares[i] += difference * difference * (self.count * other.count / count);
            }
        }
        for (squares, theirs) in self.squares.iter_mut().zip(other.squares) {
            *squares += theirs;
        }
        Spread { count, ..self }
    }

    fn radius(&self, network: usize) -> f64 {
        if self.count == 0.0 { f64::NAN } else { (self.squares[network].max(0.0) / self.count).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(samples: &[(usize, [f32; 2])]) -> RadiusSums {
        let mut sums = RadiusSums::new(3, 2);
        for (class, values) in samples {
            sums.add::<LANES>(*class, &values.map(|value| Vector([value; LANES])));
        }
        sums
    }

    #[test]
    fn opposite_vectors_have_radius_one_and_equal_ones_none() {
        let first = sums(&[(0, [3.0, 4.0]), (1, [0.1, 0.7])]);
        let second = sums(&[(0, [-0.3, -0.4]), (1, [0.1, 0.7]), (1, [0.1, 0.7])]);
        let all = radii([&first, &second].into_iter(), 8);
        assert_eq!(all.len(), 8);
        assert!((all[5][0] - 1.0).abs() < 1e-7);
        assert_eq!(all[5][1], 0.0);
        assert!(all[5][2].is_nan(), "a class without samples has no radius");
    }

    #[test]
    fn partitions_do_not_change_the_radius() {
        let samples: Vec<(usize, [f32; 2])> =
            (0..40).map(|i| (0, [1.0 + (i as f32).sin() * 0.1, (i as f32).cos()])).collect();
        let (one, left, right) = (sums(&samples), sums(&samples[..13]), sums(&samples[13..]));
        let whole = radii([&one].into_iter(), 1)[0][0];
        let parts = radii([&left, &right].into_iter(), 1)[0][0];
        assert!(whole > 0.1 && (whole - parts).abs() < 1e-14);
    }
}
