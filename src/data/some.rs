//! The first of many names, for lines that people read.

use std::fmt::Display;

/// `a, b, c and 7 more`: `most` names, and how many there are beside them.
pub fn some<T: Display>(names: impl ExactSizeIterator<Item = T>, most: usize) -> String {
    let others = names.len().saturating_sub(most);
    let named: Vec<String> = names.take(most).map(|name| name.to_string()).collect();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_counted() {
        assert_eq!(some(["a", "b"].iter(), 2), "a, b");
        assert_eq!(some(["a", "b", "c", "d"].iter(), 2), "a, b and 2 more");
    }
}
