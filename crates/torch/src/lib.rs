//! The trainer that uses libtorch, one network after another on one torch thread each.
//!
//! In: [`Job`]. Out: [`Trained`]. The scheduler runs many at once. It trains any [`Net`] on any device, and is the
//! oracle that other trainers are tested against.

mod adam;
mod build;
mod progress;
mod radii;
mod resnet;
mod search;
mod simple;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod resume;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use hspipe_ensemble::{Generator, InputError};
use tch::{Device, Kind, Reduction, TchError, Tensor, no_grad};

use self::progress::Progress;
use self::resnet::ResNet;
use self::simple::SimpleNN;
use hspipe::nn::dynamics::Watch;
use hspipe::nn::{
    self, Architecture, Job, Keeper, Libtorch, Parameter, Samples, TrainError, Trained, Trainer,
};

/// libtorch as hspipe asks for it.
pub struct Torch;

impl Trainer for Torch {
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>> {
        // One thread per network keeps the order of every sum, and so the bits, fixed.
        tch::set_num_threads(1);
        let device = device(&job.request.device);
        let one = |(place, seed): (usize, &u32)| {
            let _alone = alone(device);
            let train: Vec<u32> = match job.bags.get(place) {
                Some(bag) => {
                    job.train.iter().zip(bag).filter(|(_, is_in)| **is_in).map(|(at, _)| *at).collect()
                }
                None => job.train.to_vec(),
            };
            let own = Job { train: &train, bags: &[], ..*job };
            Training::new(&own, job.train, place, *seed, device)
                .and_then(Training::run)
                .map_err(TrainError::from)
        };
        job.seeds.iter().enumerate().map(one).collect()
    }
}

/// Held by the one network that is trained on a CUDA device: two would share its memory, and be no quicker.
fn alone(device: Device) -> Option<MutexGuard<'static, ()>> {
    static DEVICES: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];
    let Device::Cuda(number) = device else { return None };
    Some(DEVICES[number % DEVICES.len()].lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

impl Libtorch for Torch {
    fn cuda_devices(&self) -> usize {
        usize::try_from(tch::Cuda::device_count()).unwrap_or(0)
    }

    fn build(&self) -> Result<&str, String> {
        static BUILD: OnceLock<Result<String, String>> = OnceLock::new();
        BUILD.get_or_init(build::loaded).as_deref().map_err(Clone::clone)
    }
}

/// What can go wrong here.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Tch(#[from] TchError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Failure::Train(error.into())
    }
}

impl From<Failure> for TrainError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Tch(error) => TrainError::Torch(error.into()),
            Failure::Train(error) => error,
        }
    }
}

/// A network that learns.
trait Net {
    /// samples x classes. While `training`, batch norms use the statistics of these samples, and remember them.
    fn logits(&mut self, samples: &Tensor, training: bool) -> Result<Tensor, TchError>;

    /// The radius of each class in the latent layer; NaN for a class without samples.
    fn radii(&mut self, samples: &Tensor, labels: &Tensor) -> Result<Vec<f64>, TchError>;

    /// Changes the parameters by their gradients, and takes those away.
    fn step(&mut self) -> Result<(), TchError>;

    /// All that a step changes, always in the same order.
    fn tensors(&self) -> Vec<Tensor>;

    fn parameters(&self) -> Result<Vec<Parameter>, TchError>;
}

/// One network in training.
struct Training<'a> {
    job: &'a Job<'a>,
    /// Of its seed among the job's.
    place: usize,
    progress: Progress,
    /// When a state was kept last.
    kept: Instant,
    /// What it took: of a ResNet, seconds.
    cost: Duration,
    net: Box<dyn Net>,
    /// After the draws of the first weights; shuffles.
    generator: Generator,
    /// All samples, and those trained on: rows x width.
    all: Tensor,
    train: Tensor,
    labels: Tensor,
    /// Those whose dynamics may be wanted, with their labels: what is trained on, and what is left out of it.
    watched: Tensor,
    watched_labels: Vec<i32>,
}

impl<'a> Training<'a> {
    /// `seen` are the positions of the samples whose dynamics may be wanted.
    fn new(job: &'a Job<'a>, seen: &[u32], place: usize, seed: u32, device: Device) -> Result<Self, Failure> {
        let all = tensor_of(job.samples)?.f_to_device(device)?;
        let chosen = |positions: &[u32]| {
            let is_first = positions.iter().enumerate().all(|(i, position)| i == *position as usize);
            if is_first {
                // No copy: one for each network would soon fill the memory.
                all.f_narrow(0, 0, positions.len() as i64)
            } else {
                all.f_index_select(0, &indices(positions, device)?)
            }
        };
        let train = chosen(job.train)?;
        let watched = if seen == job.train { train.shallow_clone() } else { chosen(seen)? };
        let watched_labels = seen.iter().map(|position| job.labels[*position as usize]).collect();
        let labels =
            Tensor::f_from_slice(&job.train_labels())?.f_to_kind(Kind::Int64)?.f_to_device(device)?;
        let mut generator = Generator::new(seed);
        let net: Box<dyn Net> = match &job.request.architecture {
            Architecture::SimpleNN { hidden } => {
                Box::new(SimpleNN::new(job, hidden, &mut generator, device)?)
            }
            Architecture::ResNet => Box::new(ResNet::new(job, &mut generator, device)?),
        };
        let state = job.states.get(place).and_then(Option::as_ref);
        let progress = match state {
            Some(state) => Progress::decode(state, job, &mut net.tensors())?,
            None => None,
        };
        let progress = progress.unwrap_or_else(|| Progress::new(job, seen.len()));
        if job.request.batch_size.is_some() {
            // The generator goes on where it was, too.
            (0..progress.epoch).for_each(|_| drop(generator.permutation(job.train.len() as u32)));
        }
        Ok(Training {
            job,
            place,
            progress,
            kept: Instant::now(),
            cost: Duration::ZERO,
            net,
            generator,
            all,
            train,
            labels,
            watched,
            watched_labels,
        })
    }

    fn run(mut self) -> Result<Trained, Failure> {
        while !self.progress.is_over(self.job) {
            let epoch = self.progress.epoch;
            let loss = finite(self.learn()?, epoch)?;
            self.progress.losses.push(loss);
            if self.progress.dynamics.is_some() {
                let logits = floats(&no_grad(|| self.net.logits(&self.watched, false))?)?;
                let labels = &self.watched_labels;
                self.progress.dynamics.iter_mut().for_each(|watch| watch.see(epoch, &logits, labels));
            }
            if self.job.course.schedule.wants_radii(epoch) {
                let now = no_grad(|| self.net.radii(&self.train, &self.labels))?;
                if self.progress.search.as_mut().is_some_and(|search| search.check(epoch, &now)) {
                    let logits = self.train_logits()?;
                    self.progress.search.iter_mut().for_each(|search| search.keep(self.job, &logits));
                }
                self.progress.radii.push((epoch, now));
            }
            self.progress.epoch += 1;
            self.keep()?;
        }
        let epochs = self.progress.epoch;
        let final_loss = finite(self.loss()?, epochs)?;
        let logits = floats(&no_grad(|| self.net.logits(&self.all, false))?)?;
        let parameters = self.net.parameters()?;
        let Progress { losses, radii, search, dynamics, .. } = self.progress;
        let inversion = search.map(|search| search.finish(self.job, &logits));
        let dynamics = dynamics.map(Watch::finish);
        Ok(Trained { parameters, epochs, losses, final_loss, radii, logits, dynamics, inversion })
    }

    /// One epoch, or what is left of it: a step on all samples, or one on each mini-batch. Returns the mean loss before
    /// the steps.
    fn learn(&mut self) -> Result<f64, Failure> {
        let Some(size) = self.job.request.batch_size.map(|size| size.samples(self.job.train.len())) else {
            return Ok(step(self.net.as_mut(), &self.train, &self.labels)?);
        };
        let order = self.generator.permutation(self.job.train.len() as u32);
        let batches = order.chunks(size.max(1));
        let last = batches.len();
        for (i, batch) in batches.enumerate().skip(self.progress.batches) {
            let at = indices(batch, self.train.device())?;
            let (samples, labels) = (self.train.f_index_select(0, &at)?, self.labels.f_index_select(0, &at)?);
            self.progress.loss_sum += step(self.net.as_mut(), &samples, &labels)? * batch.len() as f64;
            self.progress.batches = i + 1;
            if i + 1 < last {
                self.keep()?;
            }
        }
        self.progress.batches = 0;
        Ok(std::mem::take(&mut self.progress.loss_sum) / order.len() as f64)
    }

    /// Keeps the state if it is time.
    fn keep(&mut self) -> Result<(), Failure> {
        let Some(Keeper { every, stop, keep }) = self.job.keeper else { return Ok(()) };
        let is_over = stop.load(Ordering::Relaxed);
        // Large states do not take more than a twentieth of the time, unless each is asked for.
        let pause = if every.is_zero() { every } else { every.max(self.cost * 20) };
        if is_over || self.kept.elapsed() >= pause {
            let start = Instant::now();
            if let Some(state) = self.progress.encode(&self.net.tensors())? {
                keep(self.place, state);
            }
            self.kept = Instant::now();
            self.cost = start.elapsed();
        }
        if is_over { Err(TrainError::Stopped.into()) } else { Ok(()) }
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        let logits = no_grad(|| self.net.logits(&self.train, false))?;
        Ok(cross_entropy(&logits, &self.labels)?.f_double_value(&[])?)
    }

    /// Of the samples trained on: samples x classes.
    fn train_logits(&mut self) -> Result<Vec<f32>, Failure> {
        floats(&no_grad(|| self.net.logits(&self.train, false))?)
    }
}

/// One step on these samples; returns the loss before it.
fn step(net: &mut dyn Net, samples: &Tensor, labels: &Tensor) -> Result<f64, TchError> {
    let loss = cross_entropy(&net.logits(samples, true)?, labels)?;
    loss.f_backward()?;
    net.step()?;
    loss.f_double_value(&[])
}

fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor, TchError> {
    logits.f_cross_entropy_loss::<&Tensor>(labels, None, Reduction::Mean, -100, 0.0)
}

fn finite(loss: f64, epoch: u32) -> Result<f64, Failure> {
    if loss.is_finite() { Ok(loss) } else { Err(TrainError::Diverged { epoch }.into()) }
}

/// The device, as libtorch calls it.
fn device(device: &nn::Device) -> Device {
    match device {
        nn::Device::Cpu => Device::Cpu,
        nn::Device::Cuda { number, .. } => Device::Cuda(*number),
    }
}

/// The normalised samples as one tensor, made once and shared by all networks.
fn tensor_of(samples: &Samples) -> Result<Tensor, Failure> {
    let make = || -> Result<Tensor, TchError> {
        let width: usize = samples.shape().iter().product();
        let shape = [samples.n as i64, width as i64];
        Tensor::f_from_slice(&samples.normalised())?.f_view(shape)
    };
    let made = match samples.made.get() {
        Some(made) => made,
        None => {
            let tensor = make()?;
            samples.made.get_or_init(|| Box::new(Mutex::new(tensor)))
        }
    };
    match made.downcast_ref::<Mutex<Tensor>>() {
        Some(tensor) => Ok(tensor.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).shallow_clone()),
        None => Ok(make()?),
    }
}

fn indices(positions: &[u32], device: Device) -> Result<Tensor, TchError> {
    let positions: Vec<i64> = positions.iter().map(|position| i64::from(*position)).collect();
    Tensor::f_from_slice(&positions)?.f_to_device(device)
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, Failure> {
    Ok(values(tensor)?)
}

/// All values, row-major.
fn values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    Vec::<f32>::try_from(tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?.f_view([-1])?)
}

#[cfg(test)]
mod tests {
    use hspipe_ensemble::init::{Layer, linear_layers};

    use super::*;
    use hspipe::nn::{Course, Schedule, argmax};

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

    /// The layers of a SimpleNN from 9 inputs on.
    fn layers(trained: &Trained) -> Vec<Layer> {
        let mut inputs = 9;
        let layer = |pair: &[Parameter]| {
            let (weight, bias) = (pair[0].values.clone(), pair[1].values.clone());
            let layer = Layer { inputs, outputs: bias.len(), weight, bias };
            inputs = layer.outputs;
            layer
        };
        trained.parameters.chunks(2).map(layer).collect()
    }

    fn train(schedule: Schedule, learning_rate: f64) -> (Trained, Samples, Vec<i32>) {
        super::fixture::train(&Torch, &(0..45).collect::<Vec<u32>>(), Course::of(schedule), learning_rate)
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
        assert!((trained.final_loss - loss(&layers(&trained), &values, &labels, 45)).abs() < 1e-5);
        assert!(trained.final_loss < trained.losses[0]);
        for (sample, logits) in values.chunks(9).zip(trained.logits.chunks(3)) {
            let expected = forward(&layers(&trained), sample).1;
            assert!(expected.iter().zip(logits).all(|(a, b)| (a - f64::from(*b)).abs() < 1e-5));
        }
        assert_eq!(trained.radii.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [28, 29]);
        for class in 0..3 {
            let units: Vec<Vec<f64>> = (0..45)
                .filter(|i| labels[*i] == class)
                .map(|i| {
                    let latent = forward(&layers(&trained), &values[9 * i..9 * i + 9]).0;
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
                let mut moved = start.clone();
                moved[layer].weight[place] += by;
                (f64::from(moved[layer].weight[place]), loss(&moved, &values, &labels, 45))
            };
            let ((low, below), (high, above)) = (shifted(-1e-3), shifted(1e-3));
            let expected = -0.5 * (above - below) / (high - low);
            let step = f64::from(layers(&trained)[layer].weight[place] - start[layer].weight[place]);
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
