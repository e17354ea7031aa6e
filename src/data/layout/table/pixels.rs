//! Columns that are the pixels of a square image, by their names.
//!
//! In: names of columns. Out: the same in the order of the pixels, row by row, if they are all that a square has:
//! `pixel0, pixel1, ...`, `pixel_0_0, pixel_0_1, ...` or `1x1, 1x2, ...`, in whatever order they stand in the file.
//! Looks at no value.

/// The columns of pixels in the order of these; none if they are no square. Columns of other names are left out.
pub fn in_order(columns: &[String]) -> Option<Vec<String>> {
    let mut placed: Vec<(Vec<usize>, &String)> =
        columns.iter().filter_map(|name| Some((place(name)?, name))).collect();
    let side = placed.len().isqrt();
    if side < 2 || side * side != placed.len() {
        return None;
    }
    placed.sort();
    let first = placed[0].0.clone();
    let counts_from = *first.first().filter(|from| **from <= 1)?;
    let wanted = |at: usize| match first.len() {
        1 => vec![at + counts_from],
        _ => vec![at / side + counts_from, at % side + counts_from],
    };
    let is_whole = placed.iter().enumerate().all(|(at, (place, _))| *place == wanted(at));
    is_whole.then(|| placed.into_iter().map(|(_, name)| name.clone()).collect())
}

/// The numbers in a name: one, or row and column.
fn place(name: &str) -> Option<Vec<usize>> {
    let name = name.to_lowercase();
    let numbers = |text: &str, between: char| {
        text.split(between).map(|part| part.parse().ok()).collect::<Option<Vec<usize>>>()
    };
    let found = match name.strip_prefix("pixel") {
        Some(rest) => numbers(rest.trim_start_matches(['_', ' ', '.']), '_')?,
        None => numbers(&name, 'x').filter(|found| found.len() == 2)?,
    };
    (found.len() <= 2).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Option<Vec<String>> {
        in_order(&names.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn pixels_are_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..16).map(|at| format!("pixel{at}")).collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_ne!(sorted, names);
        assert_eq!(in_order(&sorted), Some(names));
        assert_eq!(order(&["pixel0", "pixel1", "name", "pixel2", "pixel3"]).unwrap().len(), 4);
        assert_eq!(order(&["1x2", "1x1", "2x2", "2x1"]).unwrap(), ["1x1", "1x2", "2x1", "2x2"]);
        assert_eq!(order(&["pixel_0_0", "pixel_1_0", "pixel_0_1", "pixel_1_1"]).unwrap()[1], "pixel_0_1");
        for none in [
            &["pixel0", "pixel1", "pixel2"][..],
            &["pixel0", "pixel1", "pixel2", "pixel9"],
            &["pixel_format", "pixel1", "pixel2", "pixel3"],
            &["1x1", "1x2", "1x3", "1x4"],
            &["a", "b", "c", "d"],
        ] {
            assert_eq!(order(none), None, "{none:?}");
        }
    }
}
