//! From the values of the data to the ends of an axis. Ranges come in, the range
//! that is shown goes out. It must not know the page.

use super::style;

/// An interval of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
}

/// What is wanted of an axis.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    pub label: String,
    /// Shown whatever the data are.
    pub shows: Option<Range>,
    /// What values can be, such as 0 to 100 percent: there is no room and no
    /// tick beyond it unless data are.
    pub limits: Option<Range>,
}

/// Values closer together than this part of their size are taken as equal. Their
/// ticks would be long numbers that tell nothing.
const EQUAL: f64 = 1e-3;
/// What is shown of equal values, as a part of their size.
const EQUAL_SPAN: f64 = 0.1;

impl Range {
    /// The smallest range that holds all values, if there are any.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        values.map(|value| Self { low: value, high: value }).reduce(Self::and)
    }

    /// The smallest range that holds both.
    pub fn and(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub fn span(&self) -> f64 {
        self.high - self.low
    }

    /// Where a value is between the ends, from 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / self.span()
    }
}

impl Axis {
    /// The range of an axis for `data`, with room at both ends: `pad` is a part of
    /// what is shown.
    pub fn range(&self, data: Range, pad: f64) -> Range {
        let data = self.shows.map_or(data, |shows| shows.and(data));
        let largest = data.low.abs().max(data.high.abs());
        // Nothing but zeros, or next to it, still needs an axis.
        if largest < f64::MIN_POSITIVE * 1e12 {
            return Range { low: 0.0, high: 1.0 };
        }
        let room = if data.span() < EQUAL * largest { largest * EQUAL_SPAN / 2.0 } else { data.span() * pad };
        self.within(data, Range { low: data.low - room, high: data.high + room })
    }

    /// Ways to make the range of `data` larger by `share` of what it spans, for a
    /// legend: first those that show no impossible values.
    pub fn stretched(&self, data: Range, share: f64) -> [Range; 2] {
        let range = self.range(data, style::HEADROOM);
        let more = range.span() * share;
        let up = Range { high: range.high + more, ..range };
        let down = Range { low: range.low - more, ..range };
        if self.within(data, up) == up { [up, down] } else { [down, up] }
    }

    /// The part of `range` that may have ticks.
    pub fn within(&self, data: Range, range: Range) -> Range {
        self.limits.map_or(range, |limits| Range {
            low: range.low.max(limits.low.min(data.low)),
            high: range.high.min(limits.high.max(data.high)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> Range {
        Range { low, high }
    }

    #[test]
    fn room_ends_at_the_limits_and_data_do_not() {
        let percent = Axis { limits: Some(range(0.0, 100.0)), ..Axis::default() };
        assert_eq!(percent.range(range(50.0, 99.0), 0.1), range(45.1, 100.0));
        assert_eq!(percent.range(range(-1.0, 101.0), 0.1), range(-1.0, 101.0));
        let [first, _] = percent.stretched(range(50.0, 99.0), 0.2);
        assert!(first.low < 38.0 && first.high == 100.0, "{first:?}");
    }

    #[test]
    fn equal_values_have_a_range() {
        let axis = Axis::default();
        assert_eq!(axis.range(range(0.0, 0.0), 0.1), range(0.0, 1.0));
        assert_eq!(axis.range(range(40.0, 40.0), 0.1), range(38.0, 42.0));
        assert_eq!(axis.range(range(-1e300, -1e300), 0.1), range(-1.05e300, -0.95e300));
    }
}
