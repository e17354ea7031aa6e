//! The trainer that uses libtorch, one network after another on one torch thread each.
//!
//! In: [`Job`]. Out: [`Trained`]. The scheduler runs many at once. It is also the oracle that other
//! trainers are tested against.

use std::sync::Mutex;

use hspipe_ensemble::init::{Layer, linear_layers};
use tch::{Kind, Reduction, Tensor, no_grad};

use super::inversion::Watch;
use super::{InversionSeen, Job, Samples, Schedule, TrainError, Trained, Trainer};

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
        let train = all.f_narrow(0, 0, job.train as i64)?;
        let labels = Tensor::f_from_slice(&job.labels[..job.train])?.f_to_kind(Kind::Int64)?;
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
        let mut step = 0;
        let final_loss = loop {
            let (latent, logits) = self.forward(&self.train)?;
            let loss =
                logits.f_cross_entropy_loss::<&Tensor>(&self.labels, None, Reduction::Mean, -100, 0.0)?;
            let value = loss.f_double_value(&[])?;
            if !value.is_finite() {
                return Err(TrainError::Diverged { epoch: step });
            }
            // This forward pass sees the network as the step of the epoch before has left it.
            if let Some(epoch) = step.checked_sub(1)
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
        Ok(Trained { layers: self.weights()?, epochs: step, losses, final_loss, radii, logits, inversion })
    }

    /// The first layer's activations after tanh, and the logits.
    fn forward(&self, samples: &Tensor) -> Result<(Tensor, Tensor), TrainError> {
        let (last, hidden) = self.layers.split_last().ok_or(TrainError::Diverged { epoch: 0 })?;
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
        Search { job, watch: Watch::new(classes, first_epoch), logits: vec![f32::NAN; job.train * classes] }
    }

    fn check(&mut self, epoch: u32, radii: &[f64], logits: &Tensor) -> Result<(), TrainError> {
        let inverted = self.watch.check(epoch, radii);
        if inverted.is_empty() {
            return Ok(());
        }
        let logits = floats(&logits.f_detach()?)?;
        let classes = self.job.network.classes;
        let rows = self.logits.chunks_mut(classes).zip(logits.chunks(classes));
        for ((kept, now), label) in rows.zip(self.job.labels) {
            if inverted.contains(&(*label as usize)) {
                kept.copy_from_slice(now);
            }
        }
        Ok(())
    }

    /// Rows whose class has not inverted take the last network's logits.
    fn finish(mut self, last: &[f32]) -> InversionSeen {
        let classes = self.job.network.classes;
        for (kept, last) in self.logits.chunks_mut(classes).zip(last.chunks(classes)) {
            if kept[0].is_nan() {
                kept.copy_from_slice(last);
            }
        }
        InversionSeen { epochs: self.watch.epochs, logits: self.logits }
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
