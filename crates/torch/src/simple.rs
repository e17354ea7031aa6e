//! SimpleNN: fully connected layers, tanh after each hidden one, gradient descent with or without Nesterov's momentum, as
//! `torch.optim.SGD` has it.
//!
//! In: layers drawn as PyTorch draws them. Out: what [`Net`] asks. Knows no epochs.

use hspipe_ensemble::{Generator, InputError, init};
use tch::{Device, TchError, Tensor, no_grad};

use super::{Failure, Net, radii, values};
use hspipe::nn::{Job, Parameter};

pub struct SimpleNN {
    /// Weight and bias of each hidden layer.
    hidden: Vec<[Tensor; 2]>,
    last: [Tensor; 2],
    learning_rate: f64,
    momentum: f64,
    /// Of each parameter what momentum keeps of earlier steps, in the order of the layers; none without momentum.
    velocity: Vec<Tensor>,
    latent_layer: usize,
    classes: usize,
}

impl SimpleNN {
    pub fn new(
        job: &Job,
        hidden: &[usize],
        generator: &mut Generator,
        device: Device,
    ) -> Result<Self, Failure> {
        let mut inputs: usize = job.samples.shape().iter().product();
        let mut layers = Vec::new();
        for outputs in hidden.iter().copied().chain([job.classes]) {
            let layer = init::linear(generator, inputs, outputs);
            let weight = Tensor::f_from_slice(&layer.weight)?.f_view([outputs as i64, inputs as i64])?;
            let bias = Tensor::f_from_slice(&layer.bias)?;
            let learns = |tensor: Tensor| tensor.f_to_device(device)?.f_set_requires_grad(true);
            layers.push([learns(weight)?, learns(bias)?]);
            inputs = outputs;
        }
        let last = layers.pop().ok_or(InputError::Network)?;
        let (learning_rate, latent_layer) = (job.request.learning_rate, job.course.latent_layer.index());
        let momentum = job.request.momentum;
        let parameters = layers.iter().chain([&last]).flatten();
        let still = |parameter: &Tensor| parameter.f_detach()?.f_zeros_like();
        let velocity = parameters.filter(|_| momentum > 0.0).map(still).collect::<Result<Vec<_>, _>>()?;
        if latent_layer >= layers.len() {
            let (layer, layers) = (latent_layer, layers.len());
            return Err(InputError::LatentLayer { layer, layers }.into());
        }
        let classes = job.classes;
        Ok(SimpleNN { hidden: layers, last, learning_rate, momentum, velocity, latent_layer, classes })
    }

    /// The activations of the last of some hidden layers.
    fn activations(&self, samples: &Tensor, layers: usize) -> Result<Tensor, TchError> {
        self.hidden[..layers].iter().try_fold(samples.shallow_clone(), |inputs, [weight, bias]| {
            inputs.f_linear(weight, Some(bias))?.f_tanh()
        })
    }
}

impl Net for SimpleNN {
    fn logits(&mut self, samples: &Tensor, _training: bool) -> Result<Tensor, TchError> {
        let [weight, bias] = &self.last;
        self.activations(samples, self.hidden.len())?.f_linear(weight, Some(bias))
    }

    fn radii(&mut self, samples: &Tensor, labels: &Tensor) -> Result<Vec<f64>, TchError> {
        radii::radii(&self.activations(samples, self.latent_layer + 1)?, labels, self.classes)
    }

    fn step(&mut self) -> Result<(), TchError> {
        let (rate, momentum) = (self.learning_rate, self.momentum);
        let mut velocity = self.velocity.iter_mut();
        no_grad(|| {
            for tensor in self.hidden.iter_mut().chain([&mut self.last]).flatten() {
                let mut gradient = tensor.f_grad()?;
                let change = match velocity.next() {
                    Some(velocity) => {
                        let _ = velocity.f_mul_scalar_(momentum)?.f_add_(&gradient)?;
                        gradient.f_add(&velocity.f_mul_scalar(momentum)?)?.f_mul_scalar(rate)?
                    }
                    None => gradient.f_mul_scalar(rate)?,
                };
                let _ = tensor.f_sub_(&change)?;
                let _ = gradient.f_zero_()?;
            }
            Ok(())
        })
    }

    fn tensors(&self) -> Vec<Tensor> {
        let parameters = self.hidden.iter().chain([&self.last]).flatten();
        parameters.chain(&self.velocity).map(Tensor::shallow_clone).collect()
    }

    fn parameters(&self) -> Result<Vec<Parameter>, TchError> {
        let layers = self.hidden.iter().chain([&self.last]).enumerate();
        let of_layer = |(layer, [weight, bias]): (usize, &[Tensor; 2])| {
            [("weight", weight), ("bias", bias)]
                .map(|(name, tensor)| Ok(Parameter { layer, name, values: values(tensor)? }))
        };
        layers.flat_map(of_layer).collect()
    }
}
