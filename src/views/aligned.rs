//! Rows for people, as aligned text or as whatever else asks for them.

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
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].text());
            cells.chain([self.head[column].as_str()]).map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let is_number =
            |column: usize| matches!(self.rows.first().map(|row| &row[column]), Some(Cell::Number(_)));
        let line = |texts: Vec<&str>| {
            let cells: Vec<String> = texts
                .iter()
                .enumerate()
                .map(|(column, text)| match is_number(column) {
                    true => format!("{text:>width$}", width = widths[column]),
                    false => format!("{text:<width$}", width = widths[column]),
                })
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        let mut text = line(self.head.iter().map(String::as_str).collect());
        for row in &self.rows {
            text += &line(row.iter().map(Cell::text).collect());
        }
        text
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
}
