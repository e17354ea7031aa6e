//! The trainer that uses libtorch, one network after another on one torch thread each.
//!
//! In: [`Job`]. Out: [`Trained`]. The scheduler runs many at once. It is also the oracle that other
//! trainers are tested against.

use std::sync::Mutex;

use hspipe_ensemble::Diverged;
use hspipe_ensemble::init::{Layer, linear_layers};
use hspipe_ensemble::inversion::Watch;
use tch::{Kind, Reduction, Tensor, no_grad};

use super::dynamics::Watch as DynamicsWatch;
use super::{Inversion, Job, Samples, Schedule, TrainError, Trained, Trainer};

/// The libtorch that tch 0.26 is made for; its build refuses any other.
pub const VERSION: &str = "2.13.0";

pub struct Torch;

impl Trainer for Torch {
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>> {
        // One thread per network keeps the order of every sum, and so the bits, fixed.
        tch::set_num_threads(1);
        job.seeds.iter().map(|seed| Training::new(job, *seed)?.run()).collect()
    }
}

/// One network in training.
struct Training<'a> {
    job: &'a Job<'a>,
    /// All samples, and those trained on: rows x width.
    all: Tensor,
    train: Tensor,
    labels: Tensor,
    /// Weight and bias of each layer.
    layers: Vec<(Tensor, Tensor)>,
}

impl<'a> Training<'a> {
    fn new(job: &'a Job<'a>, seed: u32) -> Result<Self, TrainError> {
        let all = tensor_of(job.samples)?;
        let is_first = job.train.iter().enumerate().all(|(i, position)| i == *position as usize);
        let train = match is_first {
            // No copy: one for each network would soon fill the memory.
            true => all.f_narrow(0, 0, job.train.len() as i64)?,
            false => {
                let positions: Vec<i64> = job.train.iter().map(|position| i64::from(*position)).collect();
                all.f_index_select(0, &Tensor::f_from_slice(&positions)?)?
            }
        };
        let labels = Tensor::f_from_slice(&job.train_labels())?.f_to_kind(Kind::Int64)?;
        let mut layers = Vec::new();
        for layer in linear_layers(seed, &job.network.sizes(job.samples.width())) {
            let shape = [layer.outputs as i64, layer.inputs as i64];
            let weight = Tensor::f_from_slice(&layer.weight)?.f_view(shape)?.f_set_requires_grad(true)?;
            let bias = Tensor::f_from_slice(&layer.bias)?.f_set_requires_grad(true)?;
            layers.push((weight, bias));
        }
        Ok(Training { job, all, train, labels, layers })
    }

    fn run(mut self) -> Result<Trained, TrainError> {
        let epochs = self.job.schedule.max_epochs();
        let mut losses = Vec::new();
        let mut radii = Vec::new();
        let mut search = match self.job.schedule {
            Schedule::Inversion { first_epoch, .. } => Some(Search::new(self.job, first_epoch)),
            Schedule::Epochs { .. } => None,
        };
        let train_labels = self.job.train_labels();
        let mut dynamics = self.job.dynamics.then(|| DynamicsWatch::new(self.job.train.len()));
        let mut step = 0;
        let final_loss = loop {
            let (latent, logits) = self.forward(&self.train)?;
            let loss =
                logits.f_cross_entropy_loss::<&Tensor>(&self.labels, None, Reduction::Mean, -100, 0.0)?;
            let value = loss.f_double_value(&[])?;
            if !value.is_finite() {
                return Err(TrainError::Diverged(Diverged { epoch: step }));
            }
            // This forward pass sees the network as the step of the epoch before has left it.
            let before = step.checked_sub(1);
            if let (Some(epoch), Some(dynamics)) = (before, &mut dynamics) {
                dynamics.see(epoch, &floats(&logits.f_detach()?)?, &train_labels);
            }
            if let Some(epoch) = before
                && self.job.schedule.wants_radii(epoch)
            {
                let now = self.radii(&latent)?;
                if let Some(search) = &mut search {
                    search.check(epoch, &now, &logits)?;
                }
                radii.push((epoch, now));
            }
            if step == epochs || search.as_ref().is_some_and(|search| search.watch.all_inverted()) {
                break value;
            }
            losses.push(value);
            self.step(&loss)?;
            step += 1;
        };
        let logits = no_grad(|| self.forward(&self.all))?.1;
        let logits = floats(&logits)?;
        let inversion = search.map(|search| search.finish(&logits));
        let (layers, epochs) = (self.weights()?, step);
        let dynamics = dynamics.map(DynamicsWatch::finish);
        Ok(Trained { layers, epochs, losses, final_loss, radii, logits, dynamics, inversion })
    }

    /// The first layer's activations after tanh, and the logits.
    fn forward(&self, samples: &Tensor) -> Result<(Tensor, Tensor), TrainError> {
        let (last, hidden) = self.layers.split_last().ok_or(hspipe_ensemble::InputError::Network)?;
        let (mut latent, mut activations) = (None, samples.shallow_clone());
        for (weight, bias) in hidden {
            activations = activations.f_linear(weight, Some(bias))?.f_tanh()?;
            latent.get_or_insert_with(|| activations.shallow_clone());
        }
        let logits = activations.f_linear(&last.0, Some(&last.1))?;
        Ok((latent.unwrap_or_else(|| samples.shallow_clone()), logits))
    }

    fn step(&mut self, loss: &Tensor) -> Result<(), TrainError> {
        loss.f_backward()?;
        let rate = self.job.learning_rate;
        no_grad(|| {
            for tensor in self.layers.iter_mut().flat_map(|(weight, bias)| [weight, bias]) {
                let mut gradient = tensor.f_grad()?;
                let change = gradient.f_mul_scalar(rate)?;
                let _ = tensor.f_sub_(&change)?;
                let _ = gradient.f_zero_()?;
            }
            Ok(())
        })
    }

    /// Per class: sqrt of the mean squared distance of the unit-length latent vectors to their mean.
    fn radii(&self, latent: &Tensor) -> Result<Vec<f64>, TrainError> {
        let classes = self.job.network.classes as i64;
        no_grad(|| {
            let latent = latent.f_detach()?.f_to_kind(Kind::Double)?;
            let length = latent.f_norm_scalaropt_dim(2.0, [1], true)?.f_clamp_min(1e-12)?;
            let unit = latent.f_div(&length)?;
            let options = (Kind::Double, unit.device());
            let count = Tensor::f_zeros([classes], options)?.f_index_add(
                0,
                &self.labels,
                &Tensor::f_ones([unit.size()[0]], options)?,
            )?;
            let sum = Tensor::f_zeros([classes, unit.size()[1]], options)?;
            let mean = sum.f_index_add(0, &self.labels, &unit)?.f_div(&count.f_unsqueeze(1)?)?;
            let offset = unit.f_sub(&mean.f_index_select(0, &self.labels)?)?;
            let squares = offset.f_square()?.f_sum_dim_intlist([1].as_slice(), false, Kind::Double)?;
            let total = Tensor::f_zeros([classes], options)?.f_index_add(0, &self.labels, &squares)?;
            let radii = total.f_div(&count)?.f_sqrt()?;
            Ok(Vec::<f64>::try_from(&radii)?)
        })
    }

    fn weights(&self) -> Result<Vec<Layer>, TrainError> {
        let mut layers = Vec::new();
        for (weight, bias) in &self.layers {
            let (outputs, inputs) = weight.size2()?;
            let (weight, bias) = (floats(weight)?, floats(bias)?);
            layers.push(Layer { inputs: inputs as usize, outputs: outputs as usize, weight, bias });
        }
        Ok(layers)
    }
}

/// The state of an inversion search.
struct Search<'a> {
    job: &'a Job<'a>,
    watch: Watch,
    /// Rows of the training samples whose class has inverted; the others are NaN.
    logits: Vec<f32>,
}

impl<'a> Search<'a> {
    fn new(job: &'a Job<'a>, first_epoch: u32) -> Self {
        let classes = job.network.classes;
        let logits = vec![f32::NAN; job.train.len() * classes];
        Search { job, watch: Watch::new(classes, first_epoch), logits }
    }

    fn check(&mut self, epoch: u32, radii: &[f64], logits: &Tensor) -> Result<(), TrainError> {
        let inverted = self.watch.check(epoch, radii);
        if inverted.is_empty() {
            return Ok(());
        }
        let logits = floats(&logits.f_detach()?)?;
        let classes = self.job.network.classes;
        let rows = self.logits.chunks_mut(classes).zip(logits.chunks(classes));
        for ((kept, now), label) in rows.zip(self.job.train_labels()) {
            if inverted.contains(&(label as usize)) {
                kept.copy_from_slice(now);
            }
        }
        Ok(())
    }

    /// Rows whose class has not inverted take the last network's logits, which are of all samples.
    fn finish(mut self, last: &[f32]) -> Inversion {
        let classes = self.job.network.classes;
        for (kept, position) in self.logits.chunks_mut(classes).zip(self.job.train) {
            if kept[0].is_nan() {
                kept.copy_from_slice(&last[*position as usize * classes..][..classes]);
            }
        }
        Inversion { epochs: self.watch.epochs, logits: self.logits }
    }
}

/// The normalised samples as one tensor, made once and shared by all networks.
fn tensor_of(samples: &Samples) -> Result<Tensor, TrainError> {
    let make = || -> Result<Tensor, TrainError> {
        let shape = [samples.n as i64, samples.width() as i64];
        Ok(Tensor::f_from_slice(&samples.normalised())?.f_view(shape)?)
    };
    let shared = match samples.tensor.get() {
        Some(tensor) => tensor,
        None => {
            let tensor = make()?;
            samples.tensor.get_or_init(|| Mutex::new(tensor))
        }
    };
    Ok(shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).shallow_clone())
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    Ok(Vec::<f32>::try_from(tensor.f_contiguous()?.f_view([-1])?)?)
}

#[cfg(test)]
mod tests {
    use hspipe_ensemble::Generator;

    use super::*;
    use crate::nn::{argmax, fixture};

    /// libtorch's own generator is global, so everything that asks it stands in one test.
    #[test]
    fn permutations_and_initial_weights_are_libtorchs_bit_for_bit() {
        for (seed, n) in [(42, 70_000), (0, 1), (7, 2), (u32::MAX, 1000)] {
            tch::manual_seed(i64::from(seed));
            let theirs = Vec::<i64>::try_from(Tensor::randperm(n, (Kind::Int64, tch::Device::Cpu))).unwrap();
            let ours = Generator::new(seed).permutation(n as u32);
            assert!(theirs.iter().zip(&ours).all(|(a, b)| *a == i64::from(*b)), "seed {seed}, n {n}");
        }
        for seed in [0, 1, 3_000_000_000] {
            tch::manual_seed(i64::from(seed));
            for layer in linear_layers(seed, &[784, 20, 20, 10]) {
                let bound = 1.0 / (layer.inputs as f64).sqrt();
                let draw = |shape: &[i64]| {
                    let tensor =
                        Tensor::empty(shape, (Kind::Float, tch::Device::Cpu)).f_uniform_(-bound, bound);
                    floats(&tensor.unwrap()).unwrap()
                };
                assert_eq!(layer.weight, draw(&[layer.outputs as i64, layer.inputs as i64]), "seed {seed}");
                assert_eq!(layer.bias, draw(&[layer.outputs as i64]), "seed {seed}");
            }
        }
    }

    fn train(schedule: Schedule, learning_rate: f64) -> (Trained, Samples, Vec<i32>) {
        fixture::train(&Torch, &(0..45).collect::<Vec<u32>>(), schedule, learning_rate)
    }

    /// The latent activations and the logits of one sample, by plain f64 loops.
    fn forward(layers: &[Layer], sample: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let mut values: Vec<f64> = sample.iter().map(|value| f64::from(*value)).collect();
        let mut latent = Vec::new();
        for (i, layer) in layers.iter().enumerate() {
            let rows = layer.weight.chunks(layer.inputs).zip(&layer.bias);
            let dot = |row: &[f32]| row.iter().zip(&values).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
            values = rows.map(|(row, bias)| dot(row) + f64::from(*bias)).collect();
            if i + 1 < layers.len() {
                values.iter_mut().for_each(|value| *value = value.tanh());
            }
            if i == 0 {
                latent = values.clone();
            }
        }
        (latent, values)
    }

    /// The mean cross-entropy over the first `n` samples, by f64.
    fn loss(layers: &[Layer], samples: &[f32], labels: &[i32], n: usize) -> f64 {
        let one = |(sample, label): (&[f32], &i32)| {
            let logits = forward(layers, sample).1;
            logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[*label as usize]
        };
        samples.chunks(9).zip(labels).take(n).map(one).sum::<f64>() / n as f64
    }

    #[test]
    fn losses_logits_and_radii_are_those_of_plain_loops() {
        let (trained, samples, labels) = train(Schedule::Epochs { epochs: 30, radii_from: Some(28) }, 0.5);
        let values = samples.normalised();
        assert_eq!((trained.epochs, trained.losses.len()), (30, 30));
        assert!((trained.final_loss - loss(&trained.layers, &values, &labels, 45)).abs() < 1e-5);
        assert!(trained.final_loss < trained.losses[0]);
        for (sample, logits) in values.chunks(9).zip(trained.logits.chunks(3)) {
            let expected = forward(&trained.layers, sample).1;
            assert!(expected.iter().zip(logits).all(|(a, b)| (a - f64::from(*b)).abs() < 1e-5));
        }
        assert_eq!(trained.radii.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [28, 29]);
        for class in 0..3 {
            let units: Vec<Vec<f64>> = (0..45)
                .filter(|i| labels[*i] == class)
                .map(|i| {
                    let latent = forward(&trained.layers, &values[9 * i..9 * i + 9]).0;
                    let length = latent.iter().map(|z| z * z).sum::<f64>().sqrt();
                    latent.iter().map(|z| z / length).collect()
                })
                .collect();
            let mean: Vec<f64> =
                (0..5).map(|j| units.iter().map(|unit| unit[j]).sum::<f64>() / units.len() as f64).collect();
            let square =
                |unit: &Vec<f64>| unit.iter().zip(&mean).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            let radius = (units.iter().map(square).sum::<f64>() / units.len() as f64).sqrt();
            assert!((trained.radii[1].1[class as usize] - radius).abs() < 1e-6);
        }
    }

    /// One step from the seed's weights is -rate times the gradient, here by central differences of f64.
    #[test]
    fn a_step_follows_the_gradient() {
        let (trained, samples, labels) = train(Schedule::Epochs { epochs: 1, radii_from: None }, 0.5);
        let values = samples.normalised();
        let start = linear_layers(11, &[9, 5, 4, 3]);
        for (layer, place) in [(0, 3), (0, 44), (1, 7), (2, 0)] {
            let shifted = |by: f32| {
                let mut layers = start.clone();
                layers[layer].weight[place] += by;
                (f64::from(layers[layer].weight[place]), loss(&layers, &values, &labels, 45))
            };
            let ((low, below), (high, above)) = (shifted(-1e-3), shifted(1e-3));
            let expected = -0.5 * (above - below) / (high - low);
            let step = f64::from(trained.layers[layer].weight[place] - start[layer].weight[place]);
            assert!((step - expected).abs() < 1e-5, "{step} and {expected}");
        }
    }

    #[test]
    fn a_search_keeps_each_class_at_its_inversion() {
        let schedule = Schedule::Inversion { max_epochs: 2000, check_interval: 5, first_epoch: 20 };
        let (trained, samples, labels) = train(schedule, 0.5);
        let seen = trained.inversion.clone().unwrap();
        let inverted: Vec<u32> = seen.epochs.iter().flatten().copied().collect();
        assert_eq!(inverted.len(), 3, "{:?}", seen.epochs);
        assert_eq!(
            trained.epochs,
            inverted.iter().max().unwrap() + 1,
            "it stops right after the last inversion"
        );
        // Retraining up to a class' inversion gives the logits that were kept for it.
        let first = inverted.iter().min().unwrap();
        let class = inverted.iter().position(|epoch| epoch == first).unwrap();
        let (again, ..) = train(Schedule::Epochs { epochs: first + 1, radii_from: None }, 0.5);
        for i in (0..45).filter(|i| labels[*i] == class as i32) {
            assert_eq!(seen.logits[3 * i..3 * i + 3], again.logits[3 * i..3 * i + 3]);
        }
        assert_eq!(samples.n, 60);
        assert!(argmax(&trained.logits[..3]) < 3);
    }
}
