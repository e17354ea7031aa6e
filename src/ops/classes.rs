//! What a class is called: by errors, which say its number and its name, and by figures, whose font may lack a letter.
//!
//! In: the input `classes` of a task. Must not know where the names come from.

use hspipe_engine::op::{Inputs, OpError};

use crate::data::class_text;
use crate::figures::legible;
use crate::tables::Classes;

/// Classes as errors call them, such as `3 (zebra), 5`. Their names are those of the task's input `classes`.
pub fn called(classes: &[usize], inputs: &Inputs) -> String {
    // A name helps, and its absence is no second failure.
    let names = names_of(inputs).unwrap_or_default();
    let called = |class: &usize| match names.get(*class) {
        Some(name) => class_text(*class, name),
        None => class.to_string(),
    };
    classes.iter().map(called).collect::<Vec<_>>().join(", ")
}

/// The names in the task's input `classes`.
pub fn names_of(inputs: &Inputs) -> Result<Vec<String>, OpError> {
    Ok(Classes::read(inputs.one("classes")?.read()?)?.name.to_vec())
}

/// All classes as figures call them: by their numbers where the font lacks a character of the name, since a figure without
/// names is better than none.
pub fn drawn(inputs: &Inputs) -> Result<Vec<String>, OpError> {
    let classes = Classes::read(inputs.one("classes")?.read()?)?;
    Ok(classes.name.iter().enumerate().map(|(class, name)| shown(name, class)).collect())
}

fn shown(name: &str, class: usize) -> String {
    if legible(name) { name.to_string() } else { format!("class {class}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_drawn_becomes_a_number() {
        assert_eq!(shown("Ankle boot", 3), "Ankle boot");
        // Kana, a control character, a turn of the direction, a picture, a blank.
        for name in ["ねこ", "a\u{1}b", "a\u{202e}b", "a\u{200b}b", "🐈", "", " \n"] {
            assert_eq!(shown(name, 3), "class 3", "{name:?}");
        }
    }
}
