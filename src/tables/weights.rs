//! The table of a network's weights as the layers that it is of.

use hspipe_ensemble::init::Layer;

use super::Weights;

impl Weights {
    /// The layers of a SimpleNN; none if the parameters are those of another network.
    pub fn layers(&self) -> Option<Vec<Layer>> {
        let parameters = self.layer.iter().zip(self.parameter.iter()).zip(&self.value);
        let rows: Vec<((i32, &str), f32)> =
            parameters.map(|((layer, name), value)| ((*layer, name), *value)).collect();
        let parameters: Vec<&[((i32, &str), f32)]> = rows.chunk_by(|a, b| a.0 == b.0).collect();
        let values = |rows: &[((i32, &str), f32)]| rows.iter().map(|(_, value)| *value).collect();
        let layer = |pair: &[&[((i32, &str), f32)]]| {
            let [weight, bias] = pair else { return None };
            let (of, outputs) = (weight[0].0.0, bias.len());
            let is_layer = weight[0].0 == (of, "weight") && bias[0].0 == (of, "bias");
            let inputs = weight.len() / outputs;
            is_layer.then(|| Layer { inputs, outputs, weight: values(weight), bias: values(bias) })
        };
        parameters.chunks(2).map(layer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_those_of_a_simple_network() {
        let weights = |names: [&str; 5]| Weights {
            layer: vec![0, 0, 0, 1, 1],
            parameter: names.to_vec().into(),
            index: vec![0, 1, 0, 0, 0],
            value: vec![1.0, 2.0, 3.0, 4.0, 5.0],
        };
        let simple = weights(["weight", "weight", "bias", "weight", "bias"]).layers().unwrap();
        assert_eq!(
            (simple[0].inputs, simple[0].weight.clone(), simple[1].bias.clone()),
            (2, vec![1.0, 2.0], vec![5.0])
        );
        assert!(weights(["weight", "weight", "bias", "weight", "running_var"]).layers().is_none());
    }
}
