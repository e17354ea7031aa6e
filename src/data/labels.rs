//! Labels as people write them, and the classes that they are.
//!
//! In: the label of each sample, in the order of the samples: a whole number, a text, a number that a file has a name
//! for, or none. Out: [`Classes`], those that occur, in order. Must not know: files, what the samples are.

use std::cmp::Ordering;
use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::minus_one::MinusOne;

/// The most classes: labels have 16 bits.
pub(super) const MAX_CLASSES: usize = 1 << 16;

/// A class of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// What people call it.
    pub name: String,
    /// Its label, as the data have it: a number, or a text.
    pub value: String,
}

/// What is wrong with labels.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LabelError {
    /// Numbers and texts.
    #[error("some labels are whole numbers, as {number}, and some are texts, as `{text}`")]
    Mixed {
        /// One of them.
        number: i64,
        /// One of them.
        text: String,
    },
    /// A number beyond the names that a file lists.
    #[error("label {number} has no name: the file names the classes 0 to {}", .names - 1)]
    NoName {
        /// As found.
        number: i64,
        /// How many there are.
        names: usize,
    },
    /// Texts that are the same number.
    #[error("the classes {one} and {other} are the same number")]
    SameNumber {
        /// As found.
        one: String,
        /// As found.
        other: String,
    },
    /// Texts that look the same.
    #[error(
        "the classes {one:?} and {other:?} differ in a way that is not seen: in blanks, or in how a letter is coded"
    )]
    LookAlike {
        /// As found.
        one: String,
        /// As found.
        other: String,
    },
    /// A number that is no class.
    #[error("there is the label {0}, which is no whole number")]
    Fraction(f64),
    /// A number beyond 64 bits.
    #[error("there is a label beyond what 64 bits with a sign hold")]
    Huge,
    /// More than labels can tell apart.
    #[error("there are {0} classes, and {MAX_CLASSES} are the most")]
    TooMany(usize),
}

impl LabelError {
    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Mixed { .. } => "write all labels as numbers, or all as texts",
            Self::NoName { .. } => "write the data anew with a name for each class",
            Self::SameNumber { .. } | Self::LookAlike { .. } => {
                "give both the same name, or two that people can tell apart"
            }
            Self::Fraction(_) => {
                "labels are classes: a number to be predicted is none; is this the right column or array?"
            }
            Self::Huge => "number the classes by smaller numbers",
            Self::TooMany(_) => {
                "labels that are nearly all different are no classes: is this the right column?"
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Number(i64),
    Text(String),
}

/// Gathers labels.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Places in `values`, one per sample; none where there is no label.
    of: Vec<Option<u32>>,
    values: Vec<Value>,
    ids: HashMap<Value, u32>,
    /// The names that files list for numbers, in the order in which they list them.
    listed: Vec<String>,
}

/// The classes that occur, and which of them each sample has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Classes {
    /// One per sample; none where there is no label.
    pub of: Vec<Option<u16>>,
    /// In order: as files list their names; else by value, if all are whole numbers; else by the bytes of their names.
    pub classes: Vec<Class>,
    /// What -1 was taken for, where it could be either.
    pub minus_one: Option<MinusOne>,
}

impl Labels {
    /// Of whole numbers.
    pub fn of_numbers(numbers: impl IntoIterator<Item = i64>) -> Labels {
        let mut labels = Labels::default();
        numbers.into_iter().for_each(|number| labels.push_number(number));
        labels
    }

    /// What tells labels apart, one per sample: equal labels have equal numbers.
    pub fn codes(&self) -> &[Option<u32>] {
        &self.of
    }

    /// How many there are, with those that are none.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    pub fn push_none(&mut self) {
        self.of.push(None);
    }

    pub fn push_number(&mut self, number: i64) {
        self.push(Value::Number(number));
    }

    /// A whole number that is written as a float: not a number is no label.
    pub fn push_float(&mut self, value: f64) -> Result<(), LabelError> {
        // Up to here floats tell whole numbers apart.
        const MOST: f64 = (1u64 << 53) as f64;
        match value {
            _ if value.is_nan() => self.push_none(),
            _ if value.fract() == 0.0 && value.abs() <= MOST => self.push_number(value as i64),
            _ => return Err(LabelError::Fraction(value)),
        }
        Ok(())
    }

    /// Yes or no.
    pub fn push_flag(&mut self, flag: bool) {
        self.push_text(if flag { "true" } else { "false" });
    }

    /// A text of blanks alone is none.
    pub fn push_text(&mut self, text: &str) {
        if text.trim().is_empty() {
            self.push_none();
            return;
        }
        match self.ids.get(&Value::Text(text.to_owned())) {
            Some(id) => self.of.push(Some(*id)),
            None => self.push(Value::Text(text.to_owned())),
        }
    }

    /// A number that stands for one of `names`; -1 stands for none.
    pub fn push_named(&mut self, number: i64, names: &[String]) -> Result<(), LabelError> {
        if number == NO_LABEL {
            self.push_none();
            return Ok(());
        }
        let name = usize::try_from(number).ok().and_then(|index| names.get(index));
        self.push_text(name.ok_or(LabelError::NoName { number, names: names.len() })?);
        Ok(())
    }

    /// Takes note of the names that a file lists, in their order.
    pub fn list(&mut self, names: &[String]) {
        for name in names {
            if !self.listed.contains(name) {
                self.listed.push(name.clone());
            }
        }
    }

    fn push(&mut self, value: Value) {
        let next = self.values.len() as u32;
        let id = *self.ids.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            next
        });
        self.of.push(Some(id));
    }

    /// The numbers among them.
    pub fn numbers(&self) -> impl Iterator<Item = i64> + '_ {
        self.of.iter().flatten().filter_map(|id| match self.values[*id as usize] {
            Value::Number(number) => Some(number),
            Value::Text(_) => None,
        })
    }

    /// The classes that occur. Numbers beside listed names stand for those, whichever file they are in. `parts` is how many
    /// of the samples are in each part of the dataset, one after the other.
    ///
    /// # Errors
    /// Numbers beside texts, names that look the same, too many.
    pub fn classes(mut self, parts: &[usize]) -> Result<Classes, LabelError> {
        self.name_numbers()?;
        let minus_one = self.drop_unlabelled(parts);
        self.in_order(minus_one)
    }

    /// The same of samples whose classes are known: -1 is one if it is among `known`, and else no label.
    ///
    /// # Errors
    /// As [`Labels::classes`].
    pub fn classes_among(mut self, known: &[String]) -> Result<Classes, LabelError> {
        self.name_numbers()?;
        let none = self.ids.get(&Value::Number(NO_LABEL)).copied();
        if let Some(none) = none.filter(|_| !known.contains(&NO_LABEL.to_string())) {
            self.of.iter_mut().filter(|id| **id == Some(none)).for_each(|id| *id = None);
        }
        self.in_order(None)
    }

    fn in_order(self, minus_one: Option<MinusOne>) -> Result<Classes, LabelError> {
        let number = self.values.iter().find_map(|value| match value {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        });
        let text = self.values.iter().find_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(_) => None,
        });
        if let (Some(number), Some(text)) = (number, text) {
            return Err(LabelError::Mixed { number, text });
        }
        let mut occurs = vec![false; self.values.len()];
        self.of.iter().flatten().for_each(|id| occurs[*id as usize] = true);
        let mut order: Vec<u32> = (0..self.values.len() as u32).filter(|id| occurs[*id as usize]).collect();
        if order.len() > MAX_CLASSES {
            return Err(LabelError::TooMany(order.len()));
        }
        let place: HashMap<&str, usize> =
            self.listed.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let all_whole = order.iter().all(|id| match &self.values[*id as usize] {
            Value::Text(text) => digits(text).is_some(),
            Value::Number(_) => true,
        });
        order
            .sort_by(|a, b| compare(&self.values[*a as usize], &self.values[*b as usize], &place, all_whole));
        let mut class_of = vec![0u16; self.values.len()];
        order.iter().enumerate().for_each(|(class, id)| class_of[*id as usize] = class as u16);
        let class = |id: &u32| match &self.values[*id as usize] {
            Value::Number(number) => Class { name: number.to_string(), value: number.to_string() },
            Value::Text(text) => Class {
                name: text.clone(),
                value: place.get(text.as_str()).map_or(text.clone(), usize::to_string),
            },
        };
        let classes: Vec<Class> = order.iter().map(class).collect();
        check_looks(&classes)?;
        let of = self.of.iter().map(|id| id.map(|id| class_of[id as usize])).collect();
        Ok(Classes { of, classes, minus_one })
    }

    /// Replaces each number by the name that a file lists for it, if any file lists names.
    fn name_numbers(&mut self) -> Result<(), LabelError> {
        let is_number = |value: &Value| matches!(value, Value::Number(_));
        if self.listed.is_empty() || !self.values.iter().any(is_number) {
            return Ok(());
        }
        let listed = std::mem::take(&mut self.listed);
        let old = std::mem::take(self);
        self.list(&listed);
        for id in old.of {
            match id.map(|id| &old.values[id as usize]) {
                None => self.push_none(),
                Some(Value::Text(text)) => self.push_text(text),
                Some(Value::Number(number)) => self.push_named(*number, &listed)?,
            }
        }
        Ok(())
    }

    /// By custom -1 says that there is no label. It is a class if 1 is all that there is beside it, and may be one if 0 and 1
    /// are: see [`MinusOne`].
    fn drop_unlabelled(&mut self, parts: &[usize]) -> Option<MinusOne> {
        let none = self.ids.get(&Value::Number(NO_LABEL)).copied()?;
        let others = [0, 1].map(|number| self.ids.get(&Value::Number(number)).copied());
        let minus_one = match (others, self.values.len()) {
            ([None, Some(_)], 2) => return None,
            ([Some(zero), Some(one)], 3) => Some(MinusOne::of(&self.of, none, [zero, one], parts)),
            _ => None,
        };
        if minus_one == Some(MinusOne::Class) {
            return minus_one;
        }
        self.of.iter_mut().filter(|id| **id == Some(none)).for_each(|id| *id = None);
        minus_one
    }
}

/// What says that a sample has no label.
const NO_LABEL: i64 = -1;

fn compare(a: &Value, b: &Value, place: &HashMap<&str, usize>, all_whole: bool) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => {
            let rank = |text: &str| place.get(text).copied().unwrap_or(usize::MAX);
            let by_value = || if all_whole { digits(a).cmp(&digits(b)) } else { Ordering::Equal };
            rank(a).cmp(&rank(b)).then_with(by_value).then_with(|| a.cmp(b))
        }
        // Never both: see `classes`.
        (Value::Number(_), Value::Text(_)) => Ordering::Less,
        (Value::Text(_), Value::Number(_)) => Ordering::Greater,
    }
}

/// What orders whole numbers of any length: how many digits they have, and the digits.
fn digits(text: &str) -> Option<(usize, &str)> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = text.trim_start_matches('0');
    is_number.then_some((digits.len(), digits))
}

/// Names of classes in their order, each once: whole numbers by their values, if all are, else by their bytes.
pub(super) fn in_order(mut names: Vec<String>) -> Vec<String> {
    if names.iter().all(|name| digits(name).is_some()) {
        names.sort_by(|a, b| (digits(a), a).cmp(&(digits(b), b)));
    } else {
        names.sort();
    }
    names.dedup();
    names
}

/// Two classes that people cannot tell apart, or that are one number.
fn check_looks(classes: &[Class]) -> Result<(), LabelError> {
    let all_whole = classes.iter().all(|class| digits(&class.name).is_some());
    let mut seen: HashMap<String, &str> = HashMap::new();
    for Class { name, .. } in classes {
        let number = digits(name).filter(|_| all_whole);
        let looks = number.map_or_else(|| looks(name), |(_, digits)| digits.to_owned());
        if let Some(other) = seen.insert(looks, name) {
            let (one, other) = (other.to_owned(), name.clone());
            return Err(match number {
                Some(_) => LabelError::SameNumber { one, other },
                None => LabelError::LookAlike { one, other },
            });
        }
    }
    Ok(())
}

/// What people see of a name: no blanks at its ends, one between words, nothing that has no width, and one coding for
/// each letter. A tab and the end of a line are seen: messages show them as \t and \n.
fn looks(name: &str) -> String {
    let is_seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let composed: String = name.nfkc().filter(is_seen).collect();
    let is_blank = |c: char| c.is_whitespace() && !c.is_control();
    composed.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_texts(texts: &[&str]) -> Labels {
        let mut labels = Labels::default();
        texts.iter().for_each(|text| labels.push_text(text));
        labels
    }

    fn names(classes: &Classes) -> Vec<&str> {
        classes.classes.iter().map(|class| class.name.as_str()).collect()
    }

    #[test]
    fn classes_are_the_values_that_occur() {
        let classes = Labels::of_numbers([7, 1, 1, 3_000_000_000, 7, -5]).classes(&[]).unwrap();
        assert_eq!(names(&classes), ["-5", "1", "7", "3000000000"]);
        assert_eq!(classes.of, [2, 1, 1, 3, 2, 0].map(Some));
        let classes = of_texts(&["wasp", "ant", "bee", "ant"]).classes(&[]).unwrap();
        assert_eq!(
            (names(&classes), &classes.of[..2]),
            (vec!["ant", "bee", "wasp"], &[Some(2), Some(0)][..])
        );
        let classes = of_texts(&["10", "9", "2"]).classes(&[]).unwrap();
        assert_eq!(names(&classes), ["2", "9", "10"], "by value");
    }

    #[test]
    fn minus_one_is_a_class_where_it_is_known_as_one() {
        let among = |known: &[&str]| {
            let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
            Labels::of_numbers([-1, 1, -1]).classes_among(&known).unwrap()
        };
        assert_eq!(among(&["-1", "1"]).of, [0, 1, 0].map(Some));
        assert_eq!(among(&["0", "1"]).of, [None, Some(0), None]);
    }

    #[test]
    fn minus_one_is_no_label_unless_it_is_a_sign() {
        let classes = Labels::of_numbers([0, -1, 1, 2]).classes(&[]).unwrap();
        assert_eq!((names(&classes), classes.of[1]), (vec!["0", "1", "2"], None));
        let signs = Labels::of_numbers([1, -1, 1]).classes(&[]).unwrap();
        assert_eq!((names(&signs), signs.of[1], signs.minus_one), (vec!["-1", "1"], Some(0), None));
    }

    #[test]
    fn names_hold_whatever_number_a_file_gives_them() {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (one, other) = (owned(&["bee", "ant", "fly"]), owned(&["ant", "bee"]));
        let mut labels = Labels::default();
        labels.list(&one);
        labels.list(&other);
        labels.push_named(1, &one).unwrap();
        labels.push_named(0, &other).unwrap();
        labels.push_named(-1, &other).unwrap();
        labels.push_number(0);
        assert_eq!(labels.push_named(2, &other), Err(LabelError::NoName { number: 2, names: 2 }));
        let classes = labels.classes(&[]).unwrap();
        assert_eq!(classes.of, [Some(1), Some(1), None, Some(0)], "ant is ant in both");
        let class = |name: &str, value: &str| Class { name: name.into(), value: value.into() };
        assert_eq!(classes.classes, [class("bee", "0"), class("ant", "1")]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for (one, other) in
            [("cat", "cat "), ("caf\u{e9}", "cafe\u{301}"), ("a b", "a\u{a0} b"), ("x", "x\u{200b}")]
        {
            let error = of_texts(&[one, other]).classes(&[]).unwrap_err();
            assert!(matches!(error, LabelError::LookAlike { .. }), "{one:?} {other:?}: {error}");
        }
        let error = of_texts(&["2", "01", "1"]).classes(&[]).unwrap_err();
        assert_eq!(error.to_string(), "the classes 01 and 1 are the same number");
        assert!(of_texts(&["cat", "Cat", "1", "01", "a\tb", "a\nb"]).classes(&[]).is_ok());
        let mut mixed = of_texts(&["cat"]);
        mixed.push_number(3);
        assert!(matches!(mixed.classes(&[]), Err(LabelError::Mixed { number: 3, .. })));
    }
}
