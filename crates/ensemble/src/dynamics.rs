//! Training dynamics: what is kept of each sample over the epochs, from which scores of hardness are made.
//!
//! In: margin, correctness and probability of the label, epoch after epoch, many networks at once. Out:
//! [`Dynamics`] of one network. Sums are in f64, so that a spread made from them keeps its digits.
//! After Toneva et al., "An empirical study of example forgetting" (ICLR 2019), and Swayamdipta et al., "Dataset
//! cartography" (EMNLP 2020). Knows no layers.

use serde::{Deserialize, Serialize};

use crate::lanes::{LANES, Lanes, Vector};

/// What was seen of each training sample, after the step of every epoch. One element per sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    /// The sum of the margins: the logit of the label less the largest other one.
    pub margin_sum: Vec<f64>,
    /// The sum of the label's probabilities.
    pub probability_sum: Vec<f64>,
    /// The sum of the squares of the label's probabilities.
    pub probability_squares: Vec<f64>,
    /// How many epochs the label was predicted after.
    pub correct: Vec<u32>,
    /// How often a label that was predicted after one epoch was not after the next.
    pub forgotten: Vec<u32>,
    /// The first epoch after which the label was predicted.
    pub learned: Vec<Option<u32>>,
}

/// A vector's lanes of samples and networks, so far.
#[derive(Clone, Debug, Default)]
pub struct Track {
    margin_sum: [f64; LANES],
    probability_sum: [f64; LANES],
    probability_squares: [f64; LANES],
    correct: Vector,
    forgotten: Vector,
    /// The epoch and 1, or 0.
    learned: Vector,
    /// Whether the label was predicted last time, 1 or 0.
    is_correct: Vector,
}

impl Track {
    /// `correct` is 1 or 0.
    #[inline(always)]
    pub fn see<L: Lanes>(&mut self, epoch: u32, margin: L, correct: L, probability: L) {
        let (mut margins, mut probabilities) = (Vector::default(), Vector::default());
        margin.store(&mut margins);
        probability.store(&mut probabilities);
        for lane in 0..LANES {
            let probability = f64::from(probabilities.0[lane]);
            self.margin_sum[lane] += f64::from(margins.0[lane]);
            self.probability_sum[lane] += probability;
            self.probability_squares[lane] += probability * probability;
        }
        let zero = L::splat(0.0);
        L::load(&self.correct).plus(correct).store(&mut self.correct);
        let was = L::load(&self.is_correct);
        correct.minus_times_plus(was, was.plus(L::load(&self.forgotten))).store(&mut self.forgotten);
        let learned = L::load(&self.learned);
        let first = correct.times(zero.is_at_least(learned));
        first.times_plus(L::splat((epoch + 1) as f32), learned).store(&mut self.learned);
        correct.store(&mut self.is_correct);
    }
}

/// What a track has of one sample and one network: the sums, then the counts, in the order of [`Track`]'s fields.
pub type Row = ([f64; 3], [f32; 4]);

impl Track {
    fn row(&self, lane: usize) -> Row {
        let sums = [&self.margin_sum, &self.probability_sum, &self.probability_squares];
        let counts = [&self.correct, &self.forgotten, &self.learned, &self.is_correct];
        (sums.map(|sum| sum[lane]), counts.map(|count| count.0[lane]))
    }

    fn set_row(&mut self, lane: usize, (sums, counts): Row) {
        let to = [&mut self.margin_sum, &mut self.probability_sum, &mut self.probability_squares];
        to.into_iter().zip(sums).for_each(|(to, sum)| to[lane] = sum);
        let to = [&mut self.correct, &mut self.forgotten, &mut self.learned, &mut self.is_correct];
        to.into_iter().zip(counts).for_each(|(to, count)| to.0[lane] = count);
    }
}

/// The tracks of a partition's samples and up to eight networks.
#[derive(Debug)]
pub struct Tracks {
    samples: usize,
    stride: usize,
    /// One for LANES / stride samples. Chunks and steps begin at multiples of LANES, so that none is shared.
    tracks: Vec<Track>,
}

impl Tracks {
    pub fn new(samples: usize, stride: usize) -> Self {
        Tracks { samples, stride, tracks: vec![Track::default(); samples.div_ceil(LANES / stride)] }
    }

    pub fn as_mut_slice(&mut self) -> &mut [Track] {
        &mut self.tracks
    }

    /// Track and lane of each sample, for one network.
    fn places(&self, network: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (stride, samples) = (self.stride, LANES / self.stride);
        (0..self.samples).map(move |sample| (sample / samples, sample % samples * stride + network))
    }

    /// What is kept of one network, a row per sample.
    pub fn rows(&self, network: usize) -> impl Iterator<Item = Row> + use<'_> {
        self.places(network).map(|(track, lane)| self.tracks[track].row(lane))
    }

    /// Gives `network` these rows, as many as there are samples.
    pub fn set_rows(&mut self, network: usize, rows: impl Iterator<Item = Row>) {
        for ((track, lane), row) in self.places(network).zip(rows) {
            self.tracks[track].set_row(lane, row);
        }
    }

    /// Appends the samples to the dynamics of one network.
    pub fn append_to(&self, network: usize, dynamics: &mut Dynamics) {
        for (track, lane) in self.places(network) {
            let track = &self.tracks[track];
            dynamics.margin_sum.push(track.margin_sum[lane]);
            dynamics.probability_sum.push(track.probability_sum[lane]);
            dynamics.probability_squares.push(track.probability_squares[lane]);
            dynamics.correct.push(track.correct.0[lane] as u32);
            dynamics.forgotten.push(track.forgotten.0[lane] as u32);
            dynamics.learned.push((track.learned.0[lane] as u32).checked_sub(1));
        }
    }
}
