//! What the numbers of a recording are: logits, or probabilities of classes of which one is right.
//!
//! In: the rows of an epoch, each with the place of its sample. Out: [`Outputs`], or what is wrong with them. Must not know
//! what samples are called.

/// What was recorded of each sample and class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    Logits,
    /// Their logarithms take the place of logits.
    Probabilities,
}

/// What is wrong with outputs, and what to do about it.
#[derive(Debug)]
pub struct Fault {
    /// The sample's; none if all are so.
    pub place: Option<usize>,
    pub why: String,
    pub hint: &'static str,
}

/// How far the probabilities of a sample may be from 1 in sum, and ten times how far one may be below 0: they may have been
/// rounded.
const ROUNDED: f32 = 0.02;

/// With so many rows that are probabilities the others are faulty ones, and no logits.
const NEARLY_ALL: f64 = 0.9;

/// Smaller probabilities count as this one, whose logarithm is -27.6.
pub const LEAST: f32 = 1e-12;

impl Outputs {
    /// What rows are, by their sums.
    ///
    /// # Errors
    /// One that is not as nearly all others; percentages; numbers from 0 to 1 that do not sum to 1.
    pub fn of<'a>(rows: impl Iterator<Item = (usize, &'a [f32])> + Clone) -> Result<Outputs, Fault> {
        let fault = |place, why: String, hint| Err(Fault { place, why, hint });
        let Some((place, _)) = rows.clone().find(|(_, row)| !is_distribution(row)) else {
            return Ok(Outputs::Probabilities);
        };
        let (all, like) =
            (rows.clone().count(), rows.clone().filter(|(_, row)| is_distribution(row)).count());
        if like as f64 >= NEARLY_ALL * all as f64 {
            let why = format!("its outputs do not sum to 1, and those of {like} others do");
            return fault(Some(place), why, "mend the row, or leave the sample away");
        }
        if rows.clone().all(|(_, row)| is_share_of(row, 100.0)) {
            return fault(
                None,
                "the outputs of each sample sum to 100".to_owned(),
                "divide percentages by 100",
            );
        }
        if rows.clone().all(|(_, row)| row.iter().all(|value| (0.0..=1.0).contains(value))) {
            let why = "all outputs are from 0 to 1, and do not sum to 1: they are neither logits nor probabilities of \
                       classes of which one is right";
            let hint = "record the logits, before any sigmoid; several labels for one sample are not read";
            return fault(None, why.to_owned(), hint);
        }
        Ok(Outputs::Logits)
    }

    /// Whether rows of a later epoch are what the first ones were.
    ///
    /// # Errors
    /// One that is not.
    pub fn check<'a>(self, mut rows: impl Iterator<Item = (usize, &'a [f32])>) -> Result<(), Fault> {
        let other = rows.find(|(_, row)| self == Outputs::Probabilities && !is_distribution(row));
        match other {
            None => Ok(()),
            Some((place, _)) => Err(Fault {
                place: Some(place),
                why: "its outputs are no probabilities, and those of the first epoch are".to_owned(),
                hint: "record the same in each epoch, logits at best",
            }),
        }
    }

    /// Outputs as logits.
    pub fn to_logits(self, outputs: &mut [f32]) {
        if self == Outputs::Probabilities {
            outputs.iter_mut().for_each(|value| *value = libm::log(f64::from(value.max(LEAST))) as f32);
        }
    }
}

/// Whether these are probabilities of classes of which one is right.
fn is_distribution(row: &[f32]) -> bool {
    is_share_of(row, 1.0)
}

/// Whether these are none below 0 and sum to `whole`, but for what rounding does.
fn is_share_of(row: &[f32], whole: f32) -> bool {
    let slack = ROUNDED * whole;
    row.iter().all(|value| *value >= -0.1 * slack) && (row.iter().sum::<f32>() - whole).abs() <= slack
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[[f32; 2]]) -> Result<Outputs, Fault> {
        Outputs::of(rows.iter().map(|row| &row[..]).enumerate())
    }

    /// python: math.log(0.8), math.log(1e-12).
    #[test]
    fn probabilities_are_told_by_their_sums() {
        assert_eq!(of(&[[0.8, 0.2], [1.0, 0.0]]).unwrap(), Outputs::Probabilities);
        assert_eq!(of(&[[1.0 + 1e-7, -1e-7], [0.33, 0.66]]).unwrap(), Outputs::Probabilities, "rounded");
        assert_eq!(of(&[[0.8, -0.9]]).unwrap(), Outputs::Logits);
        let mut logits = [0.8, 0.0];
        Outputs::Probabilities.to_logits(&mut logits);
        assert!((logits[0] + 0.223_143_55).abs() < 1e-7 && (logits[1] + 27.631_02).abs() < 1e-5);
    }

    #[test]
    fn what_is_neither_is_named() {
        assert!(of(&[[0.8, 0.9], [0.1, 0.1]]).unwrap_err().why.contains("neither logits nor probabilities"));
        assert!(of(&[[80.0, 20.0], [1.0, 99.0]]).unwrap_err().why.contains("sum to 100"));
        let mut rows = [[0.75, 0.25]; 20];
        rows[13] = [0.0, 0.0];
        let fault = of(&rows).unwrap_err();
        assert_eq!((fault.place, fault.why.contains("those of 19 others do")), (Some(13), true));
        let later = [[3.0, 0.2]];
        let later = Outputs::Probabilities.check(later.iter().map(|row| &row[..]).enumerate());
        assert!(later.unwrap_err().why.contains("are no probabilities"));
    }
}
