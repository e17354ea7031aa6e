//! Radii of class manifolds out of tensors, in f64.
//!
//! In: latent activations, all at once or part by part. Out: per class sqrt(mean ||u - m||^2), where u is a sample's
//! activations scaled to unit length and m their mean. Knows no layers.

use tch::{Kind, TchError, Tensor};

/// Keeps activations that are all zero from dividing by zero.
const SHORTEST: f64 = 1e-12;

/// By the definition: the mean first, then the distances to it. `latent` is samples x units.
pub fn radii(latent: &Tensor, labels: &Tensor, classes: usize) -> Result<Vec<f64>, TchError> {
    let unit = unit_length(latent)?;
    let count =
        per_class(&Tensor::f_ones([unit.size()[0]], (Kind::Double, unit.device()))?, labels, classes)?;
    let mean = per_class(&unit, labels, classes)?.f_div(&count.f_unsqueeze(1)?)?;
    let offset = unit.f_sub(&mean.f_index_select(0, labels)?)?;
    let squares = offset.f_square()?.f_sum_dim_intlist([1].as_slice(), false, Kind::Double)?;
    Vec::<f64>::try_from(per_class(&squares, labels, classes)?.f_div(&count)?.f_sqrt()?)
}

/// The same, where the activations of all samples do not fit into memory: mean ||u||^2 - ||m||^2.
pub struct Sums {
    classes: usize,
    count: Tensor,
    /// classes x units.
    sum: Tensor,
    squares: Tensor,
}

impl Sums {
    pub fn new(classes: usize, units: i64, device: tch::Device) -> Result<Self, TchError> {
        let zeros = |shape: &[i64]| Tensor::f_zeros(shape, (Kind::Double, device));
        let n = classes as i64;
        Ok(Sums { classes, count: zeros(&[n])?, sum: zeros(&[n, units])?, squares: zeros(&[n])? })
    }

    /// Takes the activations of some samples, samples x units.
    pub fn add(&mut self, latent: &Tensor, labels: &Tensor) -> Result<(), TchError> {
        let unit = unit_length(latent)?;
        let ones = Tensor::f_ones([unit.size()[0]], (Kind::Double, unit.device()))?;
        let squares = unit.f_square()?.f_sum_dim_intlist([1].as_slice(), false, Kind::Double)?;
        self.count = self.count.f_add(&per_class(&ones, labels, self.classes)?)?;
        self.sum = self.sum.f_add(&per_class(&unit, labels, self.classes)?)?;
        self.squares = self.squares.f_add(&per_class(&squares, labels, self.classes)?)?;
        Ok(())
    }

    pub fn radii(self) -> Result<Vec<f64>, TchError> {
        let mean = self.sum.f_div(&self.count.f_unsqueeze(1)?)?;
        let length = mean.f_square()?.f_sum_dim_intlist([1].as_slice(), false, Kind::Double)?;
        let square = self.squares.f_div(&self.count)?.f_sub(&length)?;
        // Rounding may leave a little less than nothing where all samples are alike.
        Vec::<f64>::try_from(square.f_clamp_min(0.0)?.f_sqrt()?)
    }
}

fn unit_length(latent: &Tensor) -> Result<Tensor, TchError> {
    let latent = latent.f_detach()?.f_to_kind(Kind::Double)?;
    let length = latent.f_norm_scalaropt_dim(2.0, [1], true)?.f_clamp_min(SHORTEST)?;
    latent.f_div(&length)
}

/// Sums the rows of each class.
fn per_class(rows: &Tensor, labels: &Tensor, classes: usize) -> Result<Tensor, TchError> {
    let mut shape = rows.size();
    shape[0] = classes as i64;
    Tensor::f_zeros(&shape, (Kind::Double, rows.device()))?.f_index_add(0, labels, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts give what the whole gives; the whole is compared with plain loops where networks are trained.
    #[test]
    fn parts_give_the_radii_of_the_whole() {
        let values: Vec<f32> = (0..60).map(|i| 1.0 + (i as f32 * 0.7).sin()).collect();
        let latent = Tensor::from_slice(&values).view([12, 5]);
        let labels = Tensor::from_slice(&[0i64, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0]);
        let whole = radii(&latent, &labels, 3).unwrap();
        let mut sums = Sums::new(3, 5, tch::Device::Cpu).unwrap();
        for (start, length) in [(0, 5), (5, 1), (6, 6)] {
            sums.add(&latent.narrow(0, start, length), &labels.narrow(0, start, length)).unwrap();
        }
        let parts = sums.radii().unwrap();
        assert!(whole[0] > 0.1 && whole[1] > 0.1);
        assert!(whole.iter().zip(&parts).take(2).all(|(a, b)| (a - b).abs() < 1e-12), "{whole:?} {parts:?}");
        assert!(whole[2].is_nan() && parts[2].is_nan(), "a class without samples has no radius");
    }
}
