//! The weights of up to eight networks, side by side; gradients have the same form.
//!
//! In: [`Layer`]s of each network. Out: the same, after training. Layers are kept in *columns*: unit u of network
//! m is column u * stride + m, and eight columns are a vector. So eight networks fill a vector with one unit, and
//! a lone one with eight of its units. In the first layer the stride is the number of networks, and up to ten
//! vectors are a [`ColumnGroup`], as many as the sparse kernel has accumulators for. Behind it the stride divides
//! a vector: see [`Parameters::stride`]. Knows no samples.

use crate::init::Layer;
use crate::lanes::{LANES, Vector};

/// Accumulators of the sparse kernel; the other registers hold a value and an operand.
pub const GROUP: usize = 10;

/// Neighbouring columns of the first layer.
#[derive(Clone, Debug)]
pub struct ColumnGroup {
    /// Vectors per input, 1..=GROUP.
    pub width: usize,
    /// inputs x width.
    pub weight: Vec<Vector>,
}

/// A layer behind the first.
#[derive(Clone, Debug)]
pub struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    /// Vectors per row of outputs.
    pub width: usize,
    /// inputs x width.
    pub weight: Vec<Vector>,
    /// width.
    pub bias: Vec<Vector>,
}

/// Vectors for the columns of some units.
pub fn width(units: usize, stride: usize) -> usize {
    (units * stride).div_ceil(LANES)
}

#[derive(Clone, Debug)]
pub struct Parameters {
    /// Networks, 1..=LANES.
    pub networks: usize,
    /// Columns per unit in all layers but the first: 1, 2, 4 or 8, the least that holds all networks. What
    /// stands in columns of no network changes nothing.
    pub stride: usize,
    pub inputs: usize,
    /// Units of the first layer.
    pub units: usize,
    pub groups: Vec<ColumnGroup>,
    /// Of the first layer, all columns.
    pub bias: Vec<Vector>,
    pub rest: Vec<Dense>,
}

impl Parameters {
    /// All zero, for networks of the given sizes: inputs, units of each hidden layer, classes.
    pub fn zero(networks: usize, sizes: &[usize]) -> Self {
        let (inputs, units) = (sizes[0], sizes[1]);
        let stride = networks.next_power_of_two();
        let vectors = width(units, networks);
        let count = vectors.div_ceil(GROUP);
        let widths = (0..count).map(|group| (group + 1) * vectors / count - group * vectors / count);
        let zeros = |n: usize| vec![Vector::default(); n];
        Parameters {
            networks,
            stride,
            inputs,
            units,
            groups: widths.map(|width| ColumnGroup { width, weight: zeros(inputs * width) }).collect(),
            bias: zeros(vectors),
            rest: sizes[1..]
                .windows(2)
                .map(|pair| {
                    let (inputs, outputs, width) = (pair[0], pair[1], width(pair[1], stride));
                    Dense { inputs, outputs, width, weight: zeros(inputs * width), bias: zeros(width) }
                })
                .collect(),
        }
    }

    /// Networks of the same sizes, one per element.
    pub fn pack(networks: &[Vec<Layer>]) -> Self {
        let layers = &networks[0];
        let sizes: Vec<usize> =
            std::iter::once(layers[0].inputs).chain(layers.iter().map(|layer| layer.outputs)).collect();
        let mut parameters = Parameters::zero(networks.len(), &sizes);
        for (network, layers) in networks.iter().enumerate() {
            parameters.each(network, |layer, place, value| {
                let layer = &layers[layer];
                *value = match place {
                    Place::Weight(input, output) => layer.weight[output * layer.inputs + input],
                    Place::Bias(output) => layer.bias[output],
                };
            });
        }
        parameters
    }

    /// The layers of one network.
    pub fn unpack(&mut self, network: usize) -> Vec<Layer> {
        let empty = |inputs: usize, outputs: usize| Layer {
            inputs,
            outputs,
            weight: vec![0.0; inputs * outputs],
            bias: vec![0.0; outputs],
        };
        let mut layers = vec![empty(self.inputs, self.units)];
        layers.extend(self.rest.iter().map(|layer| empty(layer.inputs, layer.outputs)));
        self.each(network, |layer, place, value| {
            let layer = &mut layers[layer];
            match place {
                Place::Weight(input, output) => layer.weight[output * layer.inputs + input] = *value,
                Place::Bias(output) => layer.bias[output] = *value,
            }
        });
        layers
    }

    /// Units of a hidden layer, of which 0 is the first.
    pub fn hidden(&self, layer: usize) -> usize {
        match layer {
            0 => self.units,
            _ => self.rest[layer - 1].outputs,
        }
    }

    pub fn classes(&self) -> usize {
        self.rest.last().map_or(0, |layer| layer.outputs)
    }

    pub fn fill_with_zeros(&mut self) {
        let first = self.groups.iter_mut().map(|group| &mut group.weight).chain([&mut self.bias]);
        let rest = self.rest.iter_mut().flat_map(|layer| [&mut layer.weight, &mut layer.bias]);
        first.chain(rest).for_each(|values| values.fill(Vector::default()));
    }

    /// Visits every value of one network, with its layer and its place there.
    fn each(&mut self, network: usize, mut visit: impl FnMut(usize, Place, &mut f32)) {
        let mut start = 0;
        for group in &mut self.groups {
            let columns = start * LANES..(start + group.width) * LANES;
            start += group.width;
            for unit in 0..self.units {
                let column = unit * self.networks + network;
                if columns.contains(&column) {
                    let (vector, lane) = ((column - columns.start) / LANES, column % LANES);
                    for (input, row) in group.weight.chunks_exact_mut(group.width).enumerate() {
                        visit(0, Place::Weight(input, unit), &mut row[vector].0[lane]);
                    }
                }
            }
        }
        for unit in 0..self.units {
            let column = unit * self.networks + network;
            visit(0, Place::Bias(unit), &mut self.bias[column / LANES].0[column % LANES]);
        }
        for (i, layer) in self.rest.iter_mut().enumerate() {
            for unit in 0..layer.outputs {
                let column = unit * self.stride + network;
                let (vector, lane) = (column / LANES, column % LANES);
                for (input, row) in layer.weight.chunks_exact_mut(layer.width).enumerate() {
                    visit(i + 1, Place::Weight(input, unit), &mut row[vector].0[lane]);
                }
                visit(i + 1, Place::Bias(unit), &mut layer.bias[vector].0[lane]);
            }
        }
    }
}

/// A parameter's place in its layer.
enum Place {
    /// Of an input and an output.
    Weight(usize, usize),
    /// Of an output.
    Bias(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::linear_layers;

    #[test]
    fn networks_come_out_as_they_went_in() {
        for count in 1..=LANES {
            let networks: Vec<Vec<Layer>> =
                (0..count).map(|seed| linear_layers(seed as u32, &[7, 21, 5, 3])).collect();
            let mut parameters = Parameters::pack(&networks);
            for (i, network) in networks.iter().enumerate() {
                assert_eq!(parameters.unpack(i), *network);
            }
        }
    }
}
