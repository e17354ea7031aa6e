//! The inversion of class manifolds: when is a class' radius past its minimum?
//!
//! In: radii, check by check. Out: which classes have inverted. Follows the inversion dynamics of class
//! manifolds (Ciceri et al., Nature Machine Intelligence 2024): a class has inverted at the first check after
//! `first_epoch` at which its radius is greater than at the check before. Knows no networks.

use serde::{Deserialize, Serialize};

/// Watches the radii of one network's classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    first_epoch: u32,
    last: Vec<f64>,
    /// The epoch at which each class inverted.
    pub epochs: Vec<Option<u32>>,
}

impl Watch {
    /// No class of so many inverts at `first_epoch` or before.
    pub fn new(classes: usize, first_epoch: u32) -> Self {
        Watch { first_epoch, last: vec![f64::INFINITY; classes], epochs: vec![None; classes] }
    }

    /// Takes the radii of a check and returns the classes that have inverted at it. The radius of a class
    /// without samples is NaN, and such a class never inverts.
    pub fn check(&mut self, epoch: u32, radii: &[f64]) -> Vec<usize> {
        let mut inverted = Vec::new();
        for (class, radius) in radii.iter().enumerate() {
            if self.epochs[class].is_none() && epoch > self.first_epoch && *radius > self.last[class] {
                self.epochs[class] = Some(epoch);
                inverted.push(class);
            }
            self.last[class] = *radius;
        }
        inverted
    }

    /// How many classes.
    pub fn classes(&self) -> usize {
        self.epochs.len()
    }

    /// Whether every class has inverted.
    pub fn all_inverted(&self) -> bool {
        self.epochs.iter().all(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_inverts_once_and_only_after_the_first_epoch() {
        let mut watch = Watch::new(2, 20);
        assert_eq!(watch.check(15, &[0.5, 0.5]), [0usize; 0]);
        assert_eq!(watch.check(20, &[0.6, 0.4]), [0usize; 0], "greater, but too early");
        assert_eq!(watch.check(25, &[0.7, 0.4]), [0], "an equal radius is not greater");
        assert_eq!(watch.check(30, &[0.8, 0.5]), [1]);
        assert_eq!(watch.epochs, [Some(25), Some(30)]);
        assert!(watch.all_inverted());
    }

    #[test]
    fn a_class_without_samples_never_inverts() {
        let mut watch = Watch::new(1, 0);
        for epoch in 1..9 {
            assert!(watch.check(epoch, &[f64::NAN]).is_empty());
        }
    }
}
