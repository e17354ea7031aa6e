//! ResNet-18 for small images (He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016): a 3x3 stem
//! of stride 1 and no max-pool, four stages of two basic blocks, global average pool, a linear layer. Adam.
//!
//! In: weights drawn as PyTorch draws them, layer by layer; in a block the shortcut comes last. Out: what [`Net`]
//! asks. Knows no epochs.

use hspipe_ensemble::{Generator, init};
use tch::{Device, Kind, TchError, Tensor};

use super::adam::Adam;
use super::radii::Sums;
use super::{Failure, Net, values};
use hspipe::nn::{Job, Parameter, TrainError};

/// Channels of the four stages.
const STAGES: [i64; 4] = [64, 128, 256, 512];
const BLOCKS: usize = 2;

/// L2, added to the gradient.
const WEIGHT_DECAY: f64 = 0.01;

/// How much a batch norm's running statistics take from each batch.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// Samples that are evaluated together: a few MB each.
const CHUNK: i64 = 250;

pub struct ResNet {
    /// Channels, height, width.
    shape: [i64; 3],
    classes: usize,
    stem: Unit,
    blocks: Vec<Block>,
    weight: Tensor,
    bias: Tensor,
    optimizer: Adam,
}

impl ResNet {
    pub fn new(job: &Job, generator: &mut Generator, device: Device) -> Result<Self, Failure> {
        let mut draw = Draw { generator, device, learn: Vec::new() };
        let shape = job.samples.image_shape().ok_or(TrainError::NoImages)?.map(|length| length as i64);
        let stem = draw.unit(shape[0], STAGES[0], 3, 1)?;
        let (mut blocks, mut inputs) = (Vec::new(), STAGES[0]);
        for (stage, channels) in STAGES.into_iter().enumerate() {
            for block in 0..BLOCKS {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(draw.block(inputs, channels, stride)?);
                inputs = channels;
            }
        }
        let last = init::linear(draw.generator, inputs as usize, job.classes);
        let weight = draw.learns(&last.weight, &[job.classes as i64, inputs])?;
        let bias = draw.learns(&last.bias, &[job.classes as i64])?;
        let optimizer = Adam::new(draw.learn, job.request.learning_rate, WEIGHT_DECAY)?;
        Ok(ResNet { shape, classes: job.classes, stem, blocks, weight, bias, optimizer })
    }

    fn units(&self) -> impl Iterator<Item = &Unit> {
        [&self.stem].into_iter().chain(self.blocks.iter().flat_map(Block::units))
    }

    fn images(&self, samples: &Tensor) -> Result<Tensor, TchError> {
        let [channels, height, width] = self.shape;
        samples.f_view([-1, channels, height, width])
    }

    fn forward(&self, samples: &Tensor, training: bool) -> Result<Tensor, TchError> {
        let mut activations = self.stem.forward(&self.images(samples)?, training)?.f_relu()?;
        for block in &self.blocks {
            activations = block.forward(&activations, training)?;
        }
        let pooled = activations.f_mean_dim([2i64, 3].as_slice(), false, None::<Kind>)?;
        pooled.f_linear(&self.weight, Some(&self.bias))
    }
}

impl Net for ResNet {
    fn logits(&mut self, samples: &Tensor, training: bool) -> Result<Tensor, TchError> {
        if training {
            return self.forward(samples, true);
        }
        let parts: Vec<Tensor> = samples
            .f_split(CHUNK, 0)?
            .iter()
            .map(|part| self.forward(part, false))
            .collect::<Result<_, _>>()?;
        Tensor::f_cat(&parts, 0)
    }

    /// Of the stem's output: its batch norm takes the statistics of all these samples, so they are seen twice.
    fn radii(&mut self, samples: &Tensor, labels: &Tensor) -> Result<Vec<f64>, TchError> {
        let parts = samples.f_split(CHUNK, 0)?;
        let mut moments = Moments::new(STAGES[0], samples.device())?;
        for part in &parts {
            moments.add(&self.stem.convolve(&self.images(part)?)?)?;
        }
        let [mean, variance] = moments.finish()?;
        let [_, height, width] = self.shape;
        let mut sums = Sums::new(self.classes, STAGES[0] * height * width, samples.device())?;
        for (part, labels) in parts.iter().zip(labels.f_split(CHUNK, 0)?) {
            let convolved = self.stem.convolve(&self.images(part)?)?;
            let latent = self.stem.normalise(&convolved, &mean, &variance, false)?.f_relu()?;
            sums.add(&latent.f_flatten(1, -1)?, &labels)?;
        }
        sums.radii()
    }

    fn step(&mut self) -> Result<(), TchError> {
        self.optimizer.step()
    }

    fn tensors(&self) -> Vec<Tensor> {
        let statistics = self.units().flat_map(|unit| [&unit.mean, &unit.variance]);
        self.optimizer.tensors().chain(statistics).map(Tensor::shallow_clone).collect()
    }

    fn parameters(&self) -> Result<Vec<Parameter>, TchError> {
        let mut parameters = Vec::new();
        let mut layer = 0;
        let mut add = |layer: usize, name: &'static str, tensor: &Tensor| -> Result<(), TchError> {
            parameters.push(Parameter { layer, name, values: values(tensor)? });
            Ok(())
        };
        for unit in self.units() {
            add(layer, "weight", &unit.kernel)?;
            add(layer + 1, "weight", &unit.scale)?;
            add(layer + 1, "bias", &unit.shift)?;
            add(layer + 1, "running_mean", &unit.mean)?;
            add(layer + 1, "running_var", &unit.variance)?;
            layer += 2;
        }
        add(layer, "weight", &self.weight)?;
        add(layer, "bias", &self.bias)?;
        Ok(parameters)
    }
}

/// A convolution without bias, and a batch norm.
struct Unit {
    kernel: Tensor,
    stride: i64,
    padding: i64,
    scale: Tensor,
    shift: Tensor,
    /// Running statistics, for evaluation.
    mean: Tensor,
    variance: Tensor,
}

impl Unit {
    fn convolve(&self, images: &Tensor) -> Result<Tensor, TchError> {
        images.f_conv2d::<&Tensor>(&self.kernel, None, [self.stride], [self.padding], [1], 1)
    }

    fn normalise(
        &self,
        convolved: &Tensor,
        mean: &Tensor,
        variance: &Tensor,
        training: bool,
    ) -> Result<Tensor, TchError> {
        convolved.f_batch_norm(
            Some(&self.scale),
            Some(&self.shift),
            Some(mean),
            Some(variance),
            training,
            MOMENTUM,
            EPSILON,
            true,
        )
    }

    fn forward(&self, images: &Tensor, training: bool) -> Result<Tensor, TchError> {
        self.normalise(&self.convolve(images)?, &self.mean, &self.variance, training)
    }
}

/// Two units and a way around them.
struct Block {
    first: Unit,
    second: Unit,
    /// Where the shape changes; else the inputs themselves go around.
    shortcut: Option<Unit>,
}

impl Block {
    fn forward(&self, inputs: &Tensor, training: bool) -> Result<Tensor, TchError> {
        let activations = self.first.forward(inputs, training)?.f_relu()?;
        let activations = self.second.forward(&activations, training)?;
        match &self.shortcut {
            Some(unit) => activations.f_add(&unit.forward(inputs, training)?)?.f_relu(),
            None => activations.f_add(inputs)?.f_relu(),
        }
    }

    fn units(&self) -> impl Iterator<Item = &Unit> {
        [&self.first, &self.second].into_iter().chain(&self.shortcut)
    }
}

/// Draws layers in order.
struct Draw<'a> {
    generator: &'a mut Generator,
    device: Device,
    /// What is learnt, so far.
    learn: Vec<Tensor>,
}

impl Draw<'_> {
    fn learns(&mut self, values: &[f32], shape: &[i64]) -> Result<Tensor, TchError> {
        let tensor = Tensor::f_from_slice(values)?.f_view(shape)?.f_to_device(self.device)?;
        let tensor = tensor.f_set_requires_grad(true)?;
        self.learn.push(tensor.shallow_clone());
        Ok(tensor)
    }

    fn unit(&mut self, inputs: i64, outputs: i64, size: i64, stride: i64) -> Result<Unit, TchError> {
        let fan_in = inputs * size * size;
        let kernel = init::weights(self.generator, fan_in as usize, (outputs * fan_in) as usize);
        let kernel = self.learns(&kernel, &[outputs, inputs, size, size])?;
        let (ones, zeros) = (vec![1.0; outputs as usize], vec![0.0; outputs as usize]);
        let scale = self.learns(&ones, &[outputs])?;
        let shift = self.learns(&zeros, &[outputs])?;
        let fixed = |values: &[f32]| Tensor::f_from_slice(values)?.f_to_device(self.device);
        let (mean, variance) = (fixed(&zeros)?, fixed(&ones)?);
        Ok(Unit { kernel, stride, padding: size / 2, scale, shift, mean, variance })
    }

    fn block(&mut self, inputs: i64, outputs: i64, stride: i64) -> Result<Block, TchError> {
        let first = self.unit(inputs, outputs, 3, stride)?;
        let second = self.unit(outputs, outputs, 3, 1)?;
        let same = inputs == outputs && stride == 1;
        let shortcut = if same { None } else { Some(self.unit(inputs, outputs, 1, stride)?) };
        Ok(Block { first, second, shortcut })
    }
}

/// Mean and variance per channel, in f64.
struct Moments {
    n: i64,
    sum: Tensor,
    squares: Tensor,
}

impl Moments {
    fn new(channels: i64, device: Device) -> Result<Self, TchError> {
        let zeros = || Tensor::f_zeros([channels], (Kind::Double, device));
        Ok(Moments { n: 0, sum: zeros()?, squares: zeros()? })
    }

    /// Takes samples x channels x height x width.
    fn add(&mut self, images: &Tensor) -> Result<(), TchError> {
        let per_channel =
            |values: &Tensor| values.f_sum_dim_intlist([0i64, 2, 3].as_slice(), false, Kind::Double);
        let shape = images.size();
        self.n += shape[0] * shape[2] * shape[3];
        self.sum = self.sum.f_add(&per_channel(images)?)?;
        self.squares = self.squares.f_add(&per_channel(&images.f_to_kind(Kind::Double)?.f_square()?)?)?;
        Ok(())
    }

    /// Mean and biased variance, as a batch norm takes them.
    fn finish(self) -> Result<[Tensor; 2], TchError> {
        let n = self.n as f64;
        let mean = self.sum.f_div_scalar(n)?;
        let variance = self.squares.f_div_scalar(n)?.f_sub(&mean.f_square()?)?.f_clamp_min(0.0)?;
        Ok([mean.f_to_kind(Kind::Float)?, variance.f_to_kind(Kind::Float)?])
    }
}

/// Golden values of PyTorch 2.13 on a CPU: python3 tests/pytorch/resnet.py
#[cfg(test)]
mod tests {
    use crate::{Torch, fixture};
    use hspipe::nn::{
        Architecture, BatchSize, Course, Job, Request, Samples, Schedule, TrainError, Trained, Trainer,
    };

    fn train(epochs: u32, learning_rate: f64, batch_size: Option<BatchSize>) -> Trained {
        let pixels = (0..6 * 2 * 81u64).map(|at| (at * at * 7 + at * 31) as u8).collect();
        let samples = Samples::new(pixels, [9, 9], vec![0.4, 0.6], vec![0.08, 0.05]);
        let request = Request { learning_rate, batch_size, ..fixture::request(Architecture::ResNet) };
        let course = Course::of(Schedule::Epochs { epochs, radii_from: Some(0) });
        let (labels, train) = ([0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5]);
        let job = Job { course, ..fixture::job(&request, &samples, &labels, &train) };
        Torch.train(&job).pop().unwrap().unwrap()
    }

    fn assert_close<T: Into<f64> + Copy>(what: &str, ours: &[T], golden: &[f64]) {
        assert_eq!(ours.len(), golden.len(), "{what}");
        for (ours, golden) in ours.iter().zip(golden) {
            let ours: f64 = (*ours).into();
            assert!((ours - golden).abs() < 1e-4, "{what}: {ours}, not {golden}");
        }
    }

    #[test]
    fn logits_before_any_step_are_pytorchs() {
        let trained = train(0, 0.001, None);
        let golden = [
            -0.0206266, 0.0081434, -0.0292059, -0.024263, 0.0077803, -0.0172989, -0.015461, 0.0151654,
            -0.0125861, -0.0198773, 0.0070858, -0.0162965, -0.0220372, 0.0067578, -0.0216097, -0.0187196,
            0.0100204, -0.0157311,
        ];
        assert_close("logits", &trained.logits, &golden);
        assert_eq!(
            trained.parameters.len(),
            20 * 5 + 2,
            "20 convolutions with batch norms, and the linear layer"
        );
    }

    #[test]
    fn a_step_of_adam_is_pytorchs() {
        let trained = train(1, 0.001, None);
        assert_close("loss", &trained.losses, &[1.1257765]);
        assert_close("loss after", &[trained.final_loss], &[1.0949725]);
        let golden = [
            -0.0113405, -0.0096614, -0.0679372, -0.0202693, -0.0045453, -0.0643744, -0.0089807, -0.0095683,
            -0.0603605, -0.0058929, -0.0149647, -0.0639105, -0.0162107, -0.0075601, -0.06115, -0.0133765,
            -0.014077, -0.0571166,
        ];
        assert_close("logits", &trained.logits, &golden);
        assert_close("radii", &trained.radii[0].1, &[0.5801048, 0.577714, 0.5790321]);
        let values = |layer: usize, name: &str| {
            let found = trained.parameters.iter().find(|values| (values.layer, values.name) == (layer, name));
            found.unwrap().values.as_slice()
        };
        assert_close("stem", &values(0, "weight")[..4], &[-0.1644433, -0.0073389, 0.229943, -0.1553171]);
        assert_close("scale", &values(1, "weight")[..3], &[1.0009999, 1.001, 0.999]);
        assert_close("mean", &values(1, "running_mean")[..3], &[-0.00695, 0.0301531, 0.0005177]);
        assert_close("variance", &values(1, "running_var")[..3], &[0.931963, 0.9363337, 0.9233392]);
        let shortcut = values(34, "weight");
        assert_close("shortcut", &shortcut[shortcut.len() - 3..], &[-0.0563341, 0.0100853, 0.0133382]);
        assert_close("bias", values(40, "bias"), &[-0.0130295, -0.0013176, -0.0391524]);
    }

    #[test]
    fn mini_batches_come_in_pytorchs_order() {
        let trained = train(2, 1e-5, Some(BatchSize::Of(4)));
        assert_close("losses", &trained.losses, &[1.0556202, 0.7901121]);
        let golden = [
            -0.0588587, 0.000494, -0.148543, -0.0540243, -0.0028593, -0.1524781, -0.0513651, -0.0053898,
            -0.1506907, -0.0488734, -0.0015758, -0.1611304, -0.0602801, -0.005557, -0.1514794, -0.0464781,
            -0.0042372, -0.154108,
        ];
        assert_close("logits", &trained.logits, &golden);
    }

    #[test]
    fn features_are_refused() {
        let (samples, labels) = (fixture::features(), fixture::samples().1);
        let train: Vec<u32> = (0..60).collect();
        let request = fixture::request(Architecture::ResNet);
        let job = fixture::job(&request, &samples, &labels, &train);
        assert!(matches!(Torch.train(&job)[..], [Err(TrainError::NoImages)]));
    }
}
