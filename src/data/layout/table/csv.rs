//! Tables in CSV: commas, semicolons, tabs or bars between values, names of columns in the first line but for comments.
//!
//! In: a file's bytes. Out: its columns, each of whole numbers, of numbers or of texts, by all of its values. Must not
//! know what a column means.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use csv::{ReaderBuilder, StringRecord};

use super::error::TableError;
use super::frame::Batches;

/// What stands between two values.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What people and programs write where there is no value.
const NOTHING: [&str; 13] =
    ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "None", "null", "NULL", "?"];

/// Rows that are read at once.
const ROWS: usize = 4096;

/// A table in CSV.
pub struct Csv {
    bytes: Bytes,
    delimiter: u8,
    schema: SchemaRef,
    /// Lines before the names of the columns that are none.
    comments: usize,
}

/// With what a file may begin that says of itself that it is UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What all values of a column so far are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Whole,
    Number,
    Text,
}

impl Csv {
    /// Finds out the types of the columns from all rows.
    pub fn open(bytes: Bytes) -> Result<Csv, TableError> {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(TableError::Coding("it is UTF-16, as Excel saves `Unicode text`".to_owned()));
        }
        let start = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
        let bytes = without_hint(bytes.slice(start..));
        let (bytes, comments) = without_comments(bytes);
        let refused = |error| refused(error, comments);
        let delimiter = delimiter(&bytes);
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(bytes.as_ref());
        let names: Vec<String> =
            reader.headers().map_err(refused)?.iter().map(|name| name.trim().to_owned()).collect();
        if are_numbers(names.iter().map(String::as_str)) && !is_count(&names) {
            return Err(TableError::NoHeader(names.into_iter().take(5).collect::<Vec<_>>().join(", ")));
        }
        let mut kinds = vec![Kind::Whole; names.len()];
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(refused)? {
            for (kind, value) in kinds.iter_mut().zip(record.iter()) {
                *kind = (*kind).max(kind_of(&plain(value, delimiter)));
            }
        }
        let field = |(name, kind): (String, Kind)| {
            let kind = match kind {
                Kind::Whole => DataType::Int64,
                Kind::Number => DataType::Float64,
                Kind::Text => DataType::Utf8,
            };
            Field::new(name, kind, true)
        };
        let fields: Vec<Field> = names.into_iter().zip(kinds).map(field).collect();
        Ok(Csv { bytes, delimiter, schema: Arc::new(Schema::new(fields)), comments })
    }

    /// How many lines at the head of the file were taken for comments.
    pub fn comments(&self) -> usize {
        self.comments
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// All rows of some columns.
    pub fn batches(&self, columns: &[usize]) -> Batches<'_> {
        let mut reader = ReaderBuilder::new().delimiter(self.delimiter).from_reader(self.bytes.as_ref());
        let columns = columns.to_vec();
        let fields: Vec<Field> = columns.iter().map(|at| self.schema.field(*at).clone()).collect();
        let schema = Arc::new(Schema::new(fields));
        let mut record = StringRecord::new();
        Box::new(std::iter::from_fn(move || {
            let mut builders: Vec<Builder> =
                schema.fields().iter().map(|field| Builder::of(field.data_type())).collect();
            let mut rows = 0;
            while rows < ROWS {
                match reader.read_record(&mut record) {
                    Ok(true) => rows += 1,
                    Ok(false) => break,
                    Err(error) => return Some(Err(refused(error, self.comments))),
                }
                for (builder, at) in builders.iter_mut().zip(&columns) {
                    builder.push(&plain(record.get(*at).unwrap_or_default(), self.delimiter));
                }
            }
            let arrays: Vec<ArrayRef> = builders.into_iter().map(Builder::finish).collect();
            let batch = || {
                RecordBatch::try_new(schema.clone(), arrays).map_err(|error| TableError::Arrow("CSV", error))
            };
            (rows > 0).then(batch)
        }))
    }
}

/// Whether the numbers among names count columns, from 0 or from 1: so pandas calls those of an array.
fn is_count(names: &[String]) -> bool {
    let numbers: Vec<&String> = names.iter().filter(|name| name.parse::<f64>().is_ok()).collect();
    let counts = |from: usize| numbers.iter().zip(from..).all(|(name, at)| **name == at.to_string());
    numbers.len() > 2 && (counts(0) || counts(1))
}

/// The one that the first line has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // Of equals the last one wins, so the comma stands last.
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// A file without the line by which Excel is told what stands between values: `sep=;`.
fn without_hint(bytes: Bytes) -> Bytes {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.starts_with(b"sep=") && line.len() < bytes.len() { bytes.slice(line.len() + 1..) } else { bytes }
}

/// A value without blanks around it. Where no comma stands between values, one in a number is that of its decimals; where
/// commas do, those in a value that is quoted may stand between thousands: `1,234.5`.
fn plain(value: &str, delimiter: u8) -> Cow<'_, str> {
    let value = value.trim();
    if delimiter == b',' {
        return if is_in_thousands(value) { value.replace(',', "").into() } else { value.into() };
    }
    let is_decimal =
        |value: &str| value.matches(',').count() == 1 && value.replacen(',', ".", 1).parse::<f64>().is_ok();
    if is_decimal(value) { value.replacen(',', ".", 1).into() } else { value.into() }
}

fn is_in_thousands(value: &str) -> bool {
    let whole = value.trim_start_matches(['-', '+']).split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && is_digits(group));
    first && whole.contains(',') && groups.all(|group| group.len() == 3 && is_digits(group))
}

fn kind_of(value: &str) -> Kind {
    if NOTHING.contains(&value) {
        return Kind::Whole;
    }
    // 007 is a name.
    let digits = value.trim_start_matches(['-', '+']);
    let is_code =
        digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        _ if is_code => Kind::Text,
        _ if value.parse::<i64>().is_ok() => Kind::Whole,
        _ if value.parse::<f64>().is_ok() => Kind::Number,
        _ => Kind::Text,
    }
}

/// Whether most of the values of a line are numbers.
fn are_numbers<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let (mut all, mut numbers) = (0, 0);
    for value in values {
        all += 1;
        numbers += usize::from(value.trim().parse::<f64>().is_ok());
    }
    2 * numbers > all
}

/// A file without the lines at its head that begin with `#`, and how many these are. The last of them is no comment if it
/// has as many values as the line below, and either that is one of numbers, as `numpy.savetxt` writes it, or no blank follows
/// the `#`: then it is the names of the columns, and loses its `#`.
fn without_comments(bytes: Bytes) -> (Bytes, usize) {
    let line_at = |start: usize| bytes[start..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut starts = Vec::new();
    let mut at = 0;
    while bytes.get(at) == Some(&b'#') {
        starts.push(at);
        at = (at + line_at(at).len() + 1).min(bytes.len());
    }
    let Some(&last) = starts.last() else { return (bytes, 0) };
    let (names, below) = (&line_at(last)[1..], line_at(at));
    let delimiter = delimiter(below);
    let values = |line: &[u8]| line.iter().filter(|byte| **byte == delimiter).count();
    let below_are_numbers = || {
        let text = String::from_utf8_lossy(below);
        are_numbers(text.split(char::from(delimiter)))
    };
    let is_alike = values(below) > 0 && values(names) == values(below);
    if is_alike && (below_are_numbers() || names.first().is_some_and(|byte| !byte.is_ascii_whitespace())) {
        return (bytes.slice(last + 1..), starts.len() - 1);
    }
    (bytes.slice(at..), starts.len())
}

/// What is wrong with a file whose first lines, so many, have been left out.
fn refused(error: csv::Error, left_out: usize) -> TableError {
    let line_of =
        |position: Option<&csv::Position>| position.map_or(0, |position| position.line() + left_out as u64);
    if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) {
        let line = line_of(error.position());
        return TableError::Coding(format!("line {line} has other bytes, of Latin-1 perhaps"));
    }
    TableError::Csv(match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = line_of(pos.as_ref());
            let r = if *len == expected_len + 1 { " (from R, write with row.names=FALSE)" } else { "" };
            format!("line {line} has {len} values, and the first line {expected_len}{r}")
        }
        _ => error.to_string(),
    })
}

enum Builder {
    Whole(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
}

impl Builder {
    fn of(kind: &DataType) -> Builder {
        match kind {
            DataType::Int64 => Builder::Whole(Vec::new()),
            DataType::Float64 => Builder::Number(Vec::new()),
            _ => Builder::Text(Vec::new()),
        }
    }

    fn push(&mut self, value: &str) {
        let is_nothing = NOTHING.contains(&value);
        match self {
            Builder::Whole(values) => values.push(value.parse().ok()),
            Builder::Number(values) => values.push(value.parse().ok().filter(|_| !is_nothing)),
            Builder::Text(values) => values.push((!is_nothing).then(|| value.to_owned())),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Whole(values) => Arc::new(Int64Array::from(values)),
            Builder::Number(values) => Arc::new(Float64Array::from(values)),
            Builder::Text(values) => Arc::new(StringArray::from(values)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<DataType>, String> {
        let csv = Csv::open(Bytes::from(text.to_owned())).map_err(|error| error.to_string())?;
        Ok(csv.schema().fields().iter().map(|field| field.data_type().clone()).collect())
    }

    #[test]
    fn a_column_is_what_all_its_values_are() {
        use DataType::{Float64, Int64, Utf8};
        let text = "a,b,c,d,e\n1,1,x,007,\n-2,1e-3,2,8,NaN\n,NA,,9,3\n";
        assert_eq!(kinds(text).unwrap(), [Int64, Float64, Utf8, Utf8, Int64]);
        for other in [";", "\t", "|"] {
            assert_eq!(kinds(&text.replace(',', other)).unwrap().len(), 5, "{other:?}");
        }
        assert_eq!(kinds("a,b\n\"1,234\",None\n\"-12,000.5\",3\n").unwrap(), [Float64, Int64], "thousands");
        assert_eq!(kinds("sep=;\na;b\n1,5;x,y\n-2;3\n").unwrap(), [Float64, Utf8], "a comma of decimals");
        assert_eq!(kinds("\u{feff}a,b\n\"x, y\",1\n").unwrap(), [Utf8, Int64]);
    }

    #[test]
    fn lines_at_the_head_that_begin_with_a_hash_are_comments_unless_they_name_the_columns() {
        let names = |text: &str| {
            let csv = Csv::open(Bytes::from(text.to_owned())).unwrap();
            let names: Vec<&str> = csv.schema().fields().iter().map(|field| field.name().as_str()).collect();
            (names.join(" "), csv.comments())
        };
        assert_eq!(names("# made by x\r\n#\n# on Monday, at 5\nlabel,a\n#1,2\n"), ("label a".into(), 3));
        assert_eq!(names("# label,a\n0,2.5\n1,3\n"), ("label a".into(), 0), "as numpy.savetxt writes it");
        assert_eq!(names("## v1\n#chrom\tlabel\nx\tgood\n"), ("chrom label".into(), 1));
        let error = kinds("# a note\na,b\n1,2\n1\n").unwrap_err();
        assert!(error.contains("line 4 has 1 values"), "{error}");
    }

    #[test]
    fn what_is_no_table_is_told() {
        assert!(kinds("a,b\n1,2\n1\n").unwrap_err().contains("line 3 has 1 values, and the first line 2"));
        assert!(
            Csv::open(Bytes::from_static(b"\xff\xfea\0"))
                .is_err_and(|error| error.to_string().contains("UTF-16"))
        );
        assert!(kinds("5,0,0\n3,1,2\n").unwrap_err().contains("no names of columns: it begins with 5, 0, 0"));
        assert_eq!(kinds("0,1,2,label\n.5,.25,.25,0\n").unwrap().len(), 4, "pandas' names for an array");
    }
}
