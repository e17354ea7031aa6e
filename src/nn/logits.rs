//! What is read off a sample's logits, or other numbers of its classes.

/// The place of the largest of `values`; the first of equals.
pub fn argmax<V: PartialOrd>(values: &[V]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}

/// The logit of `label` less the largest other one; negative where the network is wrong.
pub fn margin(logits: &[f32], label: usize) -> f32 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    logits[label] - others.map(|(_, value)| *value).fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_logit_and_the_margin_of_a_label() {
        let logits = [1.0, 3.0, 2.0];
        assert_eq!(argmax(&logits), 1);
        assert_eq!(argmax(&[2.0, 2.0]), 0);
        assert_eq!(margin(&logits, 1), 1.0);
        assert_eq!(margin(&logits, 0), -2.0);
    }
}
