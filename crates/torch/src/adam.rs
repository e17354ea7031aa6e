//! Adam (Kingma and Ba, "Adam: A method for stochastic optimization", 2015), with L2 added to the gradient, as
//! `torch.optim.Adam` does it. libtorch's own keeps its state to itself, and a training that was cut off needs it.
//!
//! In: parameters with their gradients. Out: the parameters after a step. Knows no layers.

use tch::{Device, Kind, TchError, Tensor, no_grad};

/// Decay of the running means of gradients and of their squares.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

pub struct Adam {
    slots: Vec<Slot>,
    /// How many steps were taken: one number.
    steps: Tensor,
    learning_rate: f64,
    weight_decay: f64,
}

struct Slot {
    parameter: Tensor,
    /// The running means.
    gradient: Tensor,
    square: Tensor,
}

impl Adam {
    pub fn new(parameters: Vec<Tensor>, learning_rate: f64, weight_decay: f64) -> Result<Self, TchError> {
        let slot = |parameter: Tensor| {
            let zeros = || parameter.f_detach()?.f_zeros_like();
            Ok(Slot { gradient: zeros()?, square: zeros()?, parameter })
        };
        let slots = parameters.into_iter().map(slot).collect::<Result<_, TchError>>()?;
        Ok(Adam {
            slots,
            steps: Tensor::f_zeros([1], (Kind::Float, Device::Cpu))?,
            learning_rate,
            weight_decay,
        })
    }

    /// Takes the gradients away.
    pub fn step(&mut self) -> Result<(), TchError> {
        let steps = self.steps.f_double_value(&[0])? + 1.0;
        let _ = self.steps.f_fill_(steps)?;
        let [unbias_gradient, unbias_square] = BETAS.map(|beta| 1.0 - beta.powf(steps));
        no_grad(|| {
            for Slot { parameter, gradient: mean, square } in &mut self.slots {
                let mut given = parameter.f_grad()?;
                let gradient = given.f_add(&parameter.f_mul_scalar(self.weight_decay)?)?;
                let _ = mean.f_lerp_(&gradient, 1.0 - BETAS[0])?;
                let _ = square.f_mul_scalar_(BETAS[1])?;
                let _ = square.f_add_(&gradient.f_square()?.f_mul_scalar(1.0 - BETAS[1])?)?;
                let root = square.f_sqrt()?.f_div_scalar(unbias_square.sqrt())?.f_add_scalar(EPSILON)?;
                let change = mean.f_div(&root)?.f_mul_scalar(self.learning_rate / unbias_gradient)?;
                let _ = parameter.f_sub_(&change)?;
                let _ = given.f_zero_()?;
            }
            Ok(())
        })
    }

    /// All that a step changes, the parameters among it.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let of_slots =
            self.slots.iter().flat_map(|Slot { parameter, gradient, square }| [parameter, gradient, square]);
        of_slots.chain([&self.steps])
    }
}
