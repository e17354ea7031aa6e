//! The initial weights of PyTorch's `nn.Linear`.

use crate::generator::Generator;

/// A fully connected layer: `weight` is outputs x inputs, row-major; `bias` has one value per output.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// The layers that `torch.manual_seed(seed)` and then one `nn.Linear(sizes[i], sizes[i + 1])` after the
/// other would have: weight, then bias, uniform in +-1/sqrt(inputs).
pub fn linear_layers(seed: u32, sizes: &[usize]) -> Vec<Layer> {
    let mut generator = Generator::new(seed);
    sizes
        .windows(2)
        .map(|pair| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = 1.0 / (inputs as f64).sqrt();
            // kaiming_uniform_ with a = sqrt(5) comes to the same bound by a way that rounds differently.
            let gain = (2.0 / (1.0 + 5.0f64.sqrt().powi(2))).sqrt();
            let weight_bound = 3.0f64.sqrt() * (gain / (inputs as f64).sqrt());
            let mut draw = |n: usize, bound: f64| -> Vec<f32> {
                (0..n).map(|_| generator.uniform(-bound as f32, bound as f32)).collect()
            };
            let weight = draw(inputs * outputs, weight_bound);
            Layer { inputs, outputs, weight, bias: draw(outputs, bound) }
        })
        .collect()
}
