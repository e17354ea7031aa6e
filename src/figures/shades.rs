//! A scale of colours for counts. The largest count comes in; steps of 1, 2, 5, 10, 20 and so on, a shade for each, go out.
//! It must not know what is counted.
//!
//! The steps grow as logarithms do, and nothing takes one: those may differ in the last bit between machines.

use plotters::style::RGBColor;

use super::style;

/// From few to many.
#[derive(Clone, Debug, PartialEq)]
pub struct Shades {
    /// The lowest count of each step.
    pub from: Vec<u64>,
    pub most: u64,
}

/// The shades of one, of a middle number and of the most.
const ENDS: [RGBColor; 3] = [RGBColor(0xD6, 0xE6, 0xF2), style::PALETTE[0], RGBColor(0x00, 0x1F, 0x3B)];

impl Shades {
    pub fn to(most: u64) -> Self {
        let all = (0..u64::MAX.ilog10()).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
        Shades { from: all.take_while(|from| *from <= most).collect(), most }
    }

    /// The shade of a count.
    pub fn of(&self, count: u64) -> RGBColor {
        self.of_step(self.from.partition_point(|from| *from <= count).saturating_sub(1))
    }

    pub fn of_step(&self, step: usize) -> RGBColor {
        // Twice, so that the middle is at a whole number.
        let last = (self.from.len().max(2) - 1) * 2;
        let (at, half) = (2 * step, last / 2);
        let [low, high] = if at <= half { [ENDS[0], ENDS[1]] } else { [ENDS[1], ENDS[2]] };
        let share = (at - if at <= half { 0 } else { half }) as f64 / half as f64;
        let part =
            |low: u8, high: u8| (f64::from(low) + (f64::from(high) - f64::from(low)) * share).round() as u8;
        RGBColor(part(low.0, high.0), part(low.1, high.1), part(low.2, high.2))
    }

    /// Whether the step begins with a power of ten.
    pub fn is_round(&self, step: usize) -> bool {
        step.is_multiple_of(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_with_the_largest_count() {
        assert_eq!(Shades::to(60).from, [1, 2, 5, 10, 20, 50]);
        assert_eq!(Shades::to(1).from, [1]);
        assert_eq!(Shades::to(u64::MAX).from.len(), 57);
        let shades = Shades::to(100);
        assert_eq!(shades.from.len(), 7);
        assert_eq!(
            [1, 2, 4, 5, 99].map(|count| shades.of(count)),
            [0, 1, 1, 2, 5].map(|step| shades.of_step(step))
        );
        assert_eq!([0, 3, 6].map(|step| shades.of_step(step)), ENDS);
    }

    #[test]
    fn more_is_darker() {
        for most in [1, 3, 70_000] {
            let shades = Shades::to(most);
            let light = |step| {
                let RGBColor(red, green, blue) = shades.of_step(step);
                u32::from(red) + u32::from(green) + u32::from(blue)
            };
            assert!((1..shades.from.len()).all(|step| light(step) < light(step - 1)));
        }
    }
}
