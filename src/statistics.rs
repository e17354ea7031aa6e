//! How two rows of numbers go together. Numbers in, a number out. Must not know what they mean.

/// Not a number where there is none.
pub fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count() as f64
}

/// Pearson's r; none if one of the two does not vary.
pub fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let of = |value: fn(&(f64, f64)) -> f64| {
        let centre = mean(pairs.iter().map(value));
        pairs.iter().map(move |pair| value(pair) - centre)
    };
    let (x, y) = (of(|pair| pair.0), of(|pair| pair.1));
    let sum = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>();
    let product = sum(&mut x.clone().zip(y.clone()).map(|(x, y)| x * y));
    let scale = (sum(&mut x.map(|x| x * x)) * sum(&mut y.map(|y| y * y))).sqrt();
    (scale > 0.0).then(|| product / scale)
}

/// Spearman's rank correlation; none if one of the two does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = ranks(x).into_iter().zip(ranks(y)).collect();
    pearson(&pairs)
}

/// From 1 for the lowest; equals share the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equals in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (equals.len() + 1) as f64 / 2.0;
        equals.iter().for_each(|at| ranks[*at] = rank);
        before += equals.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: scipy.stats.spearmanr([1, 2, 2, 5, 0], [3, 3, 4, 9, 1]).statistic = 0.9210526315789475,
    /// numpy.corrcoef(the same)[0, 1] = 0.9799578870122229
    #[test]
    fn correlations_are_those_of_scipy_and_numpy() {
        let (x, y) = ([1.0, 2.0, 2.0, 5.0, 0.0], [3.0, 3.0, 4.0, 9.0, 1.0]);
        assert!((spearman(&x, &y).unwrap() - 0.9210526315789475).abs() < 1e-12);
        let pairs: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        assert!((pearson(&pairs).unwrap() - 0.9799578870122229).abs() < 1e-12);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
    }
}
