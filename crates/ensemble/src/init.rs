//! The initial weights of PyTorch's `nn.Linear` and `nn.Conv2d`.

use serde::{Deserialize, Serialize};

use crate::generator::Generator;

/// A fully connected layer, as PyTorch's `nn.Linear` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Values that each unit reads.
    pub inputs: usize,
    /// Units.
    pub outputs: usize,
    /// outputs x inputs, row-major.
    pub weight: Vec<f32>,
    /// One value per output.
    pub bias: Vec<f32>,
}

/// The layers that `torch.manual_seed(seed)` and then one `nn.Linear(sizes[i], sizes[i + 1])` after the
/// other would have: weight, then bias, uniform in +-1/sqrt(inputs).
pub fn linear_layers(seed: u32, sizes: &[usize]) -> Vec<Layer> {
    let mut generator = Generator::new(seed);
    sizes.windows(2).map(|pair| linear(&mut generator, pair[0], pair[1])).collect()
}

/// The next `nn.Linear(inputs, outputs)`.
pub fn linear(generator: &mut Generator, inputs: usize, outputs: usize) -> Layer {
    let weight = weights(generator, inputs, inputs * outputs);
    let bound = 1.0 / (inputs as f64).sqrt();
    Layer { inputs, outputs, weight, bias: uniform(generator, bound, outputs) }
}

/// The weights of a layer, `n` of them, whose units have `fan_in` inputs each: of `nn.Linear`, or of `nn.Conv2d`
/// with channels x height x width of the kernel for `fan_in`.
pub fn weights(generator: &mut Generator, fan_in: usize, n: usize) -> Vec<f32> {
    // kaiming_uniform_ with a = sqrt(5) comes to 1/sqrt(fan_in) by a way that rounds differently.
    let gain = (2.0 / (1.0 + 5.0f64.sqrt().powi(2))).sqrt();
    uniform(generator, 3.0f64.sqrt() * (gain / (fan_in as f64).sqrt()), n)
}

fn uniform(generator: &mut Generator, bound: f64, n: usize) -> Vec<f32> {
    (0..n).map(|_| generator.uniform(-bound as f32, bound as f32)).collect()
}
