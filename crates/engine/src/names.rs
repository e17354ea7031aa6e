//! The nearest of the valid names, for hints.

/// A hint that names the valid name nearest to `wrong`, or all of them where none is near and they
/// are few.
pub fn hint<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut valid: Vec<&str> = valid.into_iter().collect();
    valid.sort_unstable();
    valid.dedup();
    let is_number = |name: &str| name.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number(wrong) && valid.iter().all(|name| is_number(name)) {
        return of_numbers(valid);
    }
    match nearest(wrong, &valid) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if valid.is_empty() || valid.len() > 40 => None,
        None => Some(one_of(&valid)),
    }
}

/// The valid name nearest to `wrong`, if one is near.
pub fn nearest<'a>(wrong: &str, valid: &[&'a str]) -> Option<&'a str> {
    let limit = 1 + wrong.chars().count() / 3;
    let wrong = wrong.to_lowercase();
    let near = valid
        .iter()
        .map(|name| (strsim::osa_distance(&wrong, &name.to_lowercase()), *name))
        .filter(|(d, name)| *d <= limit || (wrong.len() >= 3 && name.to_lowercase().starts_with(&wrong)))
        .min();
    near.map(|(_, name)| name)
}

fn one_of(valid: &[&str]) -> String {
    format!("there are: {}", valid.join(", "))
}

/// A number is not a misspelling of another: all of them may be meant, or where they begin and end.
fn of_numbers(mut valid: Vec<&str>) -> Option<String> {
    const MOST: usize = 12;
    let number = |name: &&str| name.parse::<f64>().unwrap_or(f64::INFINITY);
    valid.sort_by(|a, b| number(a).total_cmp(&number(b)));
    match valid.as_slice() {
        [] => None,
        [first, second, .., last] if valid.len() > MOST => {
            Some(format!("there are: {first}, {second}, ..., {last}"))
        }
        _ => Some(one_of(&valid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(hint("trian", ["train", "load"]).as_deref(), Some("did you mean `train`?"));
        assert_eq!(
            hint("laod", ["lead", "load"]).as_deref(),
            Some("did you mean `load`?"),
            "letters exchanged"
        );
        assert_eq!(hint("mnist", ["MNIST", "KMNIST"]).as_deref(), Some("did you mean `MNIST`?"));
        assert_eq!(hint("zzz", ["train", "load"]).as_deref(), Some("there are: load, train"));
        assert_eq!(hint("9", ["0", "10", "2"]).as_deref(), Some("there are: 0, 2, 10"));
        assert_eq!(hint("3", ["train", "load"]).as_deref(), Some("there are: load, train"));
        let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let shown = hint("20", many.iter().map(String::as_str));
        assert_eq!(shown.as_deref(), Some("there are: 0, 1, ..., 19"));
    }
}
