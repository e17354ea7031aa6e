//! Round ticks for an axis. Its two ends come in; tick values, their labels and
//! a common power of ten go out. It must not know where on the page the axis is.
//!
//! Powers of ten go through decimal text and not through `log10` and `powi`:
//! those may differ in the last bit between machines, and so could the figure.

/// The ticks of one axis, from the lowest up.
#[derive(Debug, PartialEq)]
pub struct Ticks {
    pub values: Vec<f64>,
    pub labels: Vec<String>,
    /// What every label is to be multiplied by, such as `×10⁻⁵`, if anything.
    pub factor: Option<String>,
}

/// Steps that an axis with enough room has at most.
pub const MOST_STEPS: usize = 7;

/// Ticks between `low` and `high`, with at most `most` steps and at least half as
/// many: the round numbers are at most twice as far apart as the finest that
/// would do. The ends must be finite and some distance apart.
pub fn ticks(low: f64, high: f64, most: usize) -> Ticks {
    let least = (high - low) / most as f64;
    let power = exponent(least);
    // Multiples of 1, 2, 2.5, 5, written with whole numbers.
    let (digits, power) = [(1, power), (2, power), (25, power - 1), (5, power)]
        .into_iter()
        .find(|&(digits, power)| decimal(digits, power) >= least)
        .unwrap_or((1, power + 1));
    let step = decimal(digits, power);
    // Division may be off by one, so each end is looked at once more.
    let around = (low / step).floor() as i64..=(high / step).ceil() as i64;
    let found: Vec<i64> = around
        .map(|at| at * digits)
        .filter(|&digits| (low..=high).contains(&decimal(digits, power)))
        .collect();

    let largest = found.iter().map(|digits| digits.abs()).max().unwrap_or(0);
    let top = exponent(decimal(largest, power));
    let shift = if (-3..6).contains(&top) { 0 } else { top };
    Ticks {
        values: found.iter().map(|&digits| decimal(digits, power)).collect(),
        labels: found.iter().map(|&digits| label(digits, power - shift)).collect(),
        factor: (shift != 0).then(|| format!("×10{}", superscript(shift))),
    }
}

/// A count as a label.
pub fn thousands(count: u64) -> String {
    i64::try_from(count).map_or_else(|_| count.to_string(), |count| label(count, 0))
}

/// digits * 10^power, rounded once.
fn decimal(digits: i64, power: i32) -> f64 {
    format!("{digits}e{power}").parse().unwrap_or(f64::INFINITY)
}

/// The exponent of the first digit of a positive number.
fn exponent(value: f64) -> i32 {
    format!("{value:e}").split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

fn label(digits: i64, power: i32) -> String {
    if digits == 0 {
        return "0".into();
    }
    let decimals = usize::try_from(-power).unwrap_or(0);
    let plain = format!("{:.decimals$}", decimal(digits.abs(), power));
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::from(if digits < 0 { "−" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

fn superscript(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    power.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(max: f64) -> String {
        between(0.0, max)
    }

    fn between(low: f64, high: f64) -> String {
        let ticks = ticks(low, high, MOST_STEPS);
        assert_eq!(ticks.values.len(), ticks.labels.len());
        ticks.labels.join(" ") + &ticks.factor.unwrap_or_default()
    }

    #[test]
    fn round_labels_at_every_scale() {
        assert_eq!(labels(0.0213), "0 0.005 0.010 0.015 0.020");
        assert_eq!(labels(0.5), "0 0.1 0.2 0.3 0.4 0.5");
        assert_eq!(labels(17.0), "0 2.5 5.0 7.5 10.0 12.5 15.0");
        assert_eq!(labels(270.0), "0 50 100 150 200 250");
        assert_eq!(labels(5600.0), "0 1,000 2,000 3,000 4,000 5,000");
    }

    #[test]
    fn extreme_scales_share_a_power_of_ten() {
        assert_eq!(labels(3.1e-5), "0 0.5 1.0 1.5 2.0 2.5 3.0×10⁻⁵");
        assert_eq!(labels(4e12), "0 1 2 3 4×10¹²");
        assert_eq!(labels(1e300), "0 0.2 0.4 0.6 0.8 1.0×10³⁰⁰");
    }

    #[test]
    fn an_axis_may_start_anywhere() {
        assert_eq!(between(11.2, 101.5), "20 40 60 80 100");
        assert_eq!(between(0.4031, 0.4331), "0.405 0.410 0.415 0.420 0.425 0.430");
        assert_eq!(between(-0.31, 0.2), "−0.3 −0.2 −0.1 0 0.1 0.2");
        assert_eq!(between(-2e-6, -1e-6), "−2.0 −1.8 −1.6 −1.4 −1.2 −1.0×10⁻⁶");
    }

    #[test]
    fn neither_crowded_nor_bare() {
        for thousandths in 1..5_000 {
            let end = f64::from(thousandths) / 1e3;
            let count = ticks(0.0, end, MOST_STEPS).values.len();
            assert!((4..=8).contains(&count), "{thousandths}: {count}");
            for most in 2..=MOST_STEPS {
                let count = ticks(17.3, 17.3 + end, most).values.len();
                assert!((most / 2..=most + 1).contains(&count), "{thousandths}, {most}: {count}");
            }
        }
    }
}
