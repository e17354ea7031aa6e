//! Rows for people, as aligned text or as whatever else asks for them.

use unicode_width::UnicodeWidthStr;

use crate::visible;

/// A table for people: numbers to the right, texts to the left.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

pub enum Cell {
    Text(String),
    Number(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_string())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Cell::Number(number.to_string())
    }
}

impl Cell {
    pub fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(text) => text,
        }
    }
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Table { head: head.iter().map(|name| name.to_string()).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub fn head(&self) -> &[String] {
        &self.head
    }

    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    pub fn text(&self) -> String {
        // A row stays one line, and columns stay in line, whatever is in a cell.
        let shown = |text: &str| visible::name(text).into_owned();
        let head: Vec<String> = self.head.iter().map(|name| shown(name)).collect();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| shown(cell.text())).collect()).collect();
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]).map(|row| row[column].width());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let is_number =
            |column: usize| matches!(self.rows.first().map(|row| &row[column]), Some(Cell::Number(_)));
        let line = |texts: &[String]| {
            let cells: Vec<String> = texts
                .iter()
                .enumerate()
                .map(|(column, text)| {
                    let space = " ".repeat(widths[column] - text.width());
                    if is_number(column) { format!("{space}{text}") } else { format!("{text}{space}") }
                })
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        line(&head) + &rows.iter().map(|row| line(row)).collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["stage", "tasks"]);
        table.row(vec!["load".into(), 3.into()]);
        table.row(vec!["identify".into(), 1200.into()]);
        assert_eq!(table.text(), "stage     tasks\nload          3\nidentify   1200\n");
    }

    #[test]
    fn a_row_is_one_line_and_wide_letters_are_two_columns() {
        let mut table = Table::new(&["class", "n"]);
        table.row(vec!["a\nb\u{1b}[2J".into(), 1.into()]);
        table.row(vec!["猫".into(), 12.into()]);
        assert_eq!(table.text(), "class           n\na\\nb\\u{1b}[2J   1\n猫             12\n");
    }
}
