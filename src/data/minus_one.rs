//! What -1 is taken for beside 0 and 1 alone.
//!
//! Negative, neutral and positive have these three labels, and so have two classes and samples that are of none. In: the
//! label of each sample, and the parts of the dataset. Out: which it is, and a line that says so. Must not know: what the
//! samples are.

/// What -1 is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MinusOne {
    /// A class: it is as frequent as one would be.
    Class,
    /// No label.
    None,
}

impl MinusOne {
    /// It is a class if it is at least half as frequent as the rarer of the two others, and at most twice as frequent as the
    /// other; and if no part has it alone, as parts have that are to be predicted.
    ///
    /// `labels` has a number for each label, `own` for -1 and `others` for 0 and 1. `parts` is how many of the samples are in
    /// each part, one after the other.
    pub fn of(labels: &[Option<u32>], own: u32, others: [u32; 2], parts: &[usize]) -> MinusOne {
        let count = |id: u32, of: &[Option<u32>]| of.iter().filter(|label| **label == Some(id)).count();
        let (often, [one, other]) = (count(own, labels), others.map(|id| count(id, labels)));
        let is_alike = 2 * often >= one.min(other) && often <= 2 * one.max(other);
        let (mut rest, mut is_alone) = (labels, false);
        for part in parts {
            let (of_part, after) = rest.split_at((*part).min(rest.len()));
            let labelled = of_part.iter().flatten().count();
            is_alone |= labelled > 0 && count(own, of_part) == labelled;
            rest = after;
        }
        if is_alike && !is_alone { Self::Class } else { Self::None }
    }

    /// What was understood, and what to do if it is wrong.
    pub fn told(self) -> &'static str {
        match self {
            Self::Class => {
                "-1 is taken for a class, as -1, 0 and 1 are about as frequent; if it means no label, leave it out"
            }
            Self::None => {
                "-1 is taken for no label, as it is much rarer or more frequent than 0 and 1, or alone in a split; \
                 if it is a class, give it a name or another number"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::labels::Labels;
    use super::*;

    #[test]
    fn minus_one_beside_0_and_1_is_a_class_if_it_is_as_frequent_as_one() {
        let taken = |counts: [usize; 3], parts: &[usize]| {
            let numbers = [-1, 0, 1].into_iter().zip(counts).flat_map(|(n, count)| vec![n; count]);
            let classes = Labels::of_numbers(numbers).classes(parts).unwrap();
            assert_eq!(classes.classes.len(), if classes.minus_one == Some(MinusOne::Class) { 3 } else { 2 });
            classes.minus_one
        };
        let class = Some(MinusOne::Class);
        assert_eq!([[30, 30, 30], [10, 20, 90], [180, 20, 90]].map(|counts| taken(counts, &[])), [class; 3]);
        // A few without a label, or most.
        let none = Some(MinusOne::None);
        assert_eq!([[9, 20, 90], [181, 20, 90]].map(|counts| taken(counts, &[])), [none; 2]);
        // A part that has it alone is to be predicted; here the first.
        assert_eq!((taken([30, 30, 30], &[30, 60]), taken([30, 30, 30], &[31, 59])), (none, class));
        assert_eq!(Labels::of_numbers([-1, 0, 1, 2]).classes(&[]).unwrap().minus_one, None);
    }
}
