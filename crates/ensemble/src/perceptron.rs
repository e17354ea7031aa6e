//! A trained network once more, one sample at a time: what its last hidden layer makes of it, and how far its label would
//! move the network.
//!
//! In: layers as [`Trained`](crate::Trained) has them. Out: plain numbers, the same on every machine: sums go in a fixed
//! order, functions are libm's. Knows no lanes.

use crate::init::Layer;

/// Layers of weights with tanh between them.
pub struct Perceptron {
    layers: Vec<Transposed>,
    /// What inputs are counted from: most pixels are the background, and cost nothing then.
    base: f32,
}

struct Transposed {
    /// inputs x outputs.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// What a network makes of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The activations of the last hidden layer; the sample itself if there is none.
    pub latent: Vec<f32>,
    /// The Euclidean length of the gradient of the cross-entropy with respect to all weights and biases.
    pub gradient_norm: f64,
}

impl Perceptron {
    /// None if there are no layers, or one does not read what the layer before has. `base` is a value that many inputs
    /// have.
    pub fn new(layers: &[Layer], base: f32) -> Option<Self> {
        let is_whole = |layer: &Layer| {
            let Layer { inputs, outputs, weight, bias } = layer;
            *outputs > 0 && bias.len() == *outputs && weight.len() == inputs * outputs
        };
        let fits = |pair: &[Layer]| pair[0].outputs == pair[1].inputs;
        if layers.is_empty() || !layers.iter().all(is_whole) || !layers.windows(2).all(fits) {
            return None;
        }
        let mut layers: Vec<Transposed> = layers.iter().map(Transposed::new).collect();
        // What all inputs have in common moves the first bias.
        let Transposed { weight, bias } = &mut layers[0];
        for row in weight.chunks(bias.len()) {
            add_times(bias, base, row);
        }
        Some(Perceptron { layers, base })
    }

    /// Numbers of a sample.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// A number per class for a sample of [`Perceptron::inputs`] numbers.
    pub fn logits(&self, sample: &[f32]) -> Vec<f32> {
        self.activations(sample).pop().unwrap_or_default()
    }

    /// What it makes of a sample of that many numbers, whose label is below the number of its outputs.
    pub fn see(&self, sample: &[f32], label: usize) -> Seen {
        let mut activations = self.activations(sample);
        let logits = activations.pop().unwrap_or_default();
        let gradient_norm = self.gradient(sample, &activations, error(&logits, label)).sqrt();
        Seen { latent: activations.pop().unwrap_or_else(|| sample.to_vec()), gradient_norm }
    }

    /// Those of each layer, the last one's being logits.
    fn activations(&self, sample: &[f32]) -> Vec<Vec<f32>> {
        let mut activations: Vec<Vec<f32>> = Vec::with_capacity(self.layers.len());
        for (depth, layer) in self.layers.iter().enumerate() {
            let (inputs, base) = match activations.last() {
                Some(activations) => (activations.as_slice(), 0.0),
                None => (sample, self.base),
            };
            let mut outputs = layer.bias.clone();
            for (input, row) in inputs.iter().zip(layer.weight.chunks(outputs.len())) {
                add_times(&mut outputs, input - base, row);
            }
            if depth + 1 < self.layers.len() {
                outputs.iter_mut().for_each(|output| *output = libm::tanhf(*output));
            }
            activations.push(outputs);
        }
        activations
    }

    /// The squared length of the gradient. That of a layer's weights is the outer product of the errors behind it and its
    /// inputs, of its biases it is the errors.
    fn gradient(&self, sample: &[f32], activations: &[Vec<f32>], mut errors: Vec<f64>) -> f64 {
        let mut sum = 0.0;
        for (depth, layer) in self.layers.iter().enumerate().rev() {
            let before = depth.checked_sub(1).map(|depth| &activations[depth]);
            let inputs = before.map_or(sample, Vec::as_slice);
            let squares = |inputs: &[f32]| inputs.iter().map(|input| f64::from(*input).powi(2)).sum::<f64>();
            sum += errors.iter().map(|error| error * error).sum::<f64>() * (1.0 + squares(inputs));
            if let Some(activations) = before {
                let back = |(activation, row): (&f32, &[f32])| {
                    let sum: f64 =
                        row.iter().zip(&errors).map(|(weight, error)| f64::from(*weight) * error).sum();
                    sum * (1.0 - f64::from(*activation).powi(2))
                };
                errors = activations.iter().zip(layer.weight.chunks(layer.bias.len())).map(back).collect();
            }
        }
        sum
    }
}

impl Transposed {
    fn new(layer: &Layer) -> Self {
        let Layer { inputs, outputs, weight, bias } = layer;
        let mut transposed = vec![0.0; weight.len()];
        for (output, row) in weight.chunks((*inputs).max(1)).enumerate() {
            row.iter().enumerate().for_each(|(input, value)| transposed[input * outputs + output] = *value);
        }
        Transposed { weight: transposed, bias: bias.clone() }
    }

    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }
}

/// Adds a multiple of `row`.
fn add_times(sums: &mut [f32], factor: f32, row: &[f32]) {
    if factor != 0.0 {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
    }
}

/// softmax(logits) - onehot(label).
fn error(logits: &[f32], label: usize) -> Vec<f64> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> = logits.iter().map(|logit| libm::exp(f64::from(*logit) - f64::from(top))).collect();
    let sum: f64 = exps.iter().sum();
    exps.iter().enumerate().map(|(class, exp)| exp / sum - f64::from(u8::from(class == label))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers() -> Vec<Layer> {
        let layer = |inputs, weight: &[f32], bias: &[f32]| Layer {
            inputs,
            outputs: bias.len(),
            weight: weight.to_vec(),
            bias: bias.to_vec(),
        };
        let first = layer(3, &[0.5, -0.25, 0.125, 0.75, 0.3, -0.6], &[0.1, -0.2]);
        vec![first, layer(2, &[0.4, -0.3, 0.2, 0.9], &[0.05, -0.05])]
    }

    /// numpy, by differences: z = W2 @ tanh(W1 @ x + b1) + b2, loss = log(exp(z).sum()) - z[label], of all 14 parameters t
    /// one after the other (loss(t + 1e-5) - loss(t - 1e-5)) / 2e-5: norm 1.50916244 for label 0, 0.53628219 for label 1;
    /// tanh(W1 @ x + b1) = [-0.02499479 0.94137554]
    #[test]
    fn the_gradient_is_that_of_differences_wherever_inputs_are_counted_from() {
        for base in [0.0, 1.0, -2.5] {
            let network = Perceptron::new(&layers(), base).unwrap();
            assert_eq!(network.inputs(), 3);
            for (label, expected) in [1.509_162_44, 0.536_282_19].into_iter().enumerate() {
                let seen = network.see(&[1.0, 2.0, -1.0], label);
                assert!((seen.gradient_norm - expected).abs() < 1e-6, "{seen:?}");
                let off = |(a, b): (&f32, f32)| (a - b).abs() > 1e-6;
                assert!(!seen.latent.iter().zip([-0.024_994_79, 0.941_375_5]).any(off), "{seen:?}");
            }
        }
    }

    #[test]
    fn layers_fit_together() {
        let with = |change: &dyn Fn(&mut Vec<Layer>)| {
            let mut layers = layers();
            change(&mut layers);
            Perceptron::new(&layers, 0.0)
        };
        assert!(with(&|_| ()).is_some());
        assert!(with(&|layers| layers.clear()).is_none());
        assert!(with(&|layers| layers.swap(0, 1)).is_none());
        assert!(with(&|layers| layers[1].weight.truncate(3)).is_none());
    }
}
