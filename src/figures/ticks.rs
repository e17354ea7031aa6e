//! Round ticks for an axis that starts at zero. The largest value comes in;
//! tick values, their labels and a common power of ten go out. It must not know
//! where on the page the axis is.
//!
//! Powers of ten go through decimal text and not through `log10` and `powi`:
//! those may differ in the last bit between machines, and so could the figure.

/// The ticks of one axis, from zero up.
#[derive(Debug, PartialEq)]
pub struct Ticks {
    pub values: Vec<f64>,
    pub labels: Vec<String>,
    /// What every label is to be multiplied by, such as `×10⁻⁵`, if anything.
    pub factor: Option<String>,
}

/// At most this many steps, and at least three: the round numbers are at most
/// twice as far apart as the finest that would do.
const MOST_STEPS: f64 = 7.0;

/// Ticks from 0 to at most `max`, which must be positive and finite.
pub fn ticks(max: f64) -> Ticks {
    let least = max / MOST_STEPS;
    let power = exponent(least);
    // Multiples of 1, 2, 2.5, 5, written with whole numbers.
    let (digits, power) = [(1, power), (2, power), (25, power - 1), (5, power)]
        .into_iter()
        .find(|&(digits, power)| decimal(digits, power) >= least)
        .unwrap_or((1, power + 1));
    let last = (0..).take_while(|&step| decimal(step * digits, power) <= max).last().unwrap_or(0);

    let top = exponent(decimal(last * digits, power));
    let shift = if (-3..6).contains(&top) { 0 } else { top };
    Ticks {
        values: (0..=last).map(|step| decimal(step * digits, power)).collect(),
        labels: (0..=last).map(|step| label(step * digits, power - shift)).collect(),
        factor: (shift != 0).then(|| format!("×10{}", superscript(shift))),
    }
}

/// digits * 10^power, rounded once.
fn decimal(digits: u32, power: i32) -> f64 {
    format!("{digits}e{power}").parse().unwrap_or(f64::INFINITY)
}

/// The exponent of the first digit of a positive number.
fn exponent(value: f64) -> i32 {
    format!("{value:e}").split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

fn label(digits: u32, power: i32) -> String {
    if digits == 0 {
        return "0".into();
    }
    let decimals = usize::try_from(-power).unwrap_or(0);
    let plain = format!("{:.decimals$}", decimal(digits, power));
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
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
        let ticks = ticks(max);
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
    fn neither_crowded_nor_bare() {
        for thousandths in 1..5_000 {
            let count = ticks(f64::from(thousandths) / 1e3).values.len();
            assert!((4..=8).contains(&count), "{thousandths}: {count}");
        }
    }
}
