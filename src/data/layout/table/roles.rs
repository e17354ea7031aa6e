//! What each column of a table is: the label, the image, features, a text, or nothing that is read.
//!
//! In: the columns' names and types, and what the user says of them. Out: [`Roles`]. Looks at no value. Must not know: files.

use arrow_schema::{DataType, Field, Schema};

use super::error::TableError;
use super::frame::names;
use crate::data::reading::Reading;

/// Columns that may hold the labels, or the images, if the user names none: whatever the case of their letters.
const LABELS: [&str; 7] = ["label", "labels", "target", "class", "y", "category", "species"];
const IMAGES: [&str; 2] = ["image", "img"];

/// Columns that name rows, as people and pandas call them. They are no features, whatever they hold.
const ROWS: [&str; 8] = ["", "id", "index", "idx", "rowid", "uid", "unnamed: 0", "__index_level_0__"];

/// What the columns of a table are, by their names.
pub struct Roles {
    pub label: String,
    /// Shown with each sample, if the user names one.
    pub text: Option<String>,
    pub kind: Kind,
    /// Whether the user has named the label.
    is_label_named: bool,
    /// Columns that are passed over.
    unread: Vec<String>,
}

/// What samples are.
pub enum Kind {
    Images {
        column: String,
    },
    Features {
        /// Numbers, categories, or one column of lists of numbers.
        columns: Vec<String>,
        /// Whether the user has named them.
        are_named: bool,
    },
}

impl Roles {
    /// Finds the columns.
    ///
    /// # Errors
    /// A column that is missing, or of a type that does not serve.
    pub fn of(schema: &Schema, reading: &Reading) -> Result<Roles, TableError> {
        let label = label(schema, reading)?;
        let text = match &reading.text {
            Some(name) => {
                let field = named(schema, name)?;
                if !is_text(field.data_type()) {
                    return Err(TableError::Type {
                        column: field.name().clone(),
                        found: field.data_type().to_string(),
                        wanted: "texts",
                        hint: "name a column of texts as `text`",
                    });
                }
                Some(field.name().clone())
            }
            None => None,
        };
        let is_free = |field: &&Field| *field.name() != label && Some(field.name()) != text.as_ref();
        let others: Vec<&Field> = schema.fields().iter().map(AsRef::as_ref).filter(is_free).collect();
        let image = image(schema, reading, &others)?;
        let kind = match (&reading.features, image) {
            (Some(columns), _) => {
                for (at, column) in columns.iter().enumerate() {
                    let field = named(schema, column)?;
                    if *column == label || columns[..at].contains(column) {
                        return Err(TableError::Twice(column.clone()));
                    }
                    if !is_number(field.data_type())
                        && !is_text(field.data_type())
                        && !is_list(field.data_type())
                    {
                        return Err(wrong_feature(field));
                    }
                }
                Kind::Features { columns: columns.clone(), are_named: true }
            }
            (None, Some(column)) => Kind::Images { column },
            (None, None) => Kind::Features { columns: features(&others, &label)?, are_named: false },
        };
        let is_read = |name: &String| match &kind {
            Kind::Images { column } => column == name,
            Kind::Features { columns, .. } => columns.contains(name),
        };
        let unread = others.iter().map(|field| field.name().clone()).filter(|name| !is_read(name)).collect();
        Ok(Roles { label, text, kind, is_label_named: reading.label.is_some(), unread })
    }

    /// The columns that all files need.
    pub fn read(&self) -> impl Iterator<Item = &String> {
        let content = match &self.kind {
            Kind::Images { column } => std::slice::from_ref(column),
            Kind::Features { columns, .. } => columns.as_slice(),
        };
        [&self.label].into_iter().chain(&self.text).chain(content)
    }

    /// What a person should know of the choice.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if !self.is_label_named && !self.label.eq_ignore_ascii_case(LABELS[0]) {
            notices.push(format!("labels are the column `{}`", self.label));
        }
        // Of images it is the custom that other columns are notes.
        if matches!(self.kind, Kind::Features { are_named: false, .. }) && !self.unread.is_empty() {
            notices.push(format!("columns that are not read: {}", self.unread.join(", ")));
        }
        notices
    }
}

/// The column of the labels in the first of these tables that has one.
pub fn label_of_any<'a>(schemas: impl Iterator<Item = &'a Schema>, reading: &Reading) -> Option<String> {
    schemas.into_iter().find_map(|schema| label(schema, reading).ok())
}

fn named<'a>(schema: &'a Schema, name: &str) -> Result<&'a Field, TableError> {
    schema.field_with_name(name).map_err(|_| TableError::Missing {
        wanted: format!("`{name}`"),
        found: names(schema),
        hint: "name one of these".to_owned(),
    })
}

/// The column of one of these names, the first that is there.
fn of_names<'a>(schema: &'a Schema, wanted: &[&str]) -> Option<&'a Field> {
    let fields = || schema.fields().iter().map(AsRef::as_ref);
    wanted.iter().find_map(|name| fields().find(|field: &&Field| field.name().eq_ignore_ascii_case(name)))
}

fn label(schema: &Schema, reading: &Reading) -> Result<String, TableError> {
    let field = match &reading.label {
        Some(name) => named(schema, name)?,
        // Beside x, y is a coordinate.
        None => of_names(schema, &LABELS)
            .filter(|field| field.name() != "y" || of_names(schema, &["x"]).is_none())
            .ok_or_else(|| {
                let sounds = |field: &&Field| {
                    let name = field.name().to_lowercase();
                    ["label", "class", "target"].iter().any(|part| name.contains(part))
                };
                let fields = || schema.fields().iter().map(AsRef::as_ref);
                let like = fields().find(sounds).map_or("NAME", |field: &Field| field.name().as_str());
                TableError::Missing {
                    wanted: "`label`".to_owned(),
                    found: names(schema),
                    hint: format!(
                        "name the one that has the labels: `hspipe init --data PATH --label {like}`, or \
                     {{path: ..., label: {like}}} under datasets"
                    ),
                }
            })?,
    };
    let kind = field.data_type();
    if is_list(kind) {
        return Err(TableError::Type {
            column: field.name().clone(),
            found: format!("a list, so a sample may have several labels (multi-label), {kind}"),
            wanted: "numbers or texts, one for each sample,",
            hint: "hspipe studies data of one label per sample: keep the samples that have one, or make a column of yes \
                   and no for one of the labels",
        });
    }
    if is_number(kind) || is_text(kind) {
        return Ok(field.name().clone());
    }
    Err(TableError::Type {
        column: field.name().clone(),
        found: kind.to_string(),
        wanted: "numbers or texts",
        hint: "name another column: {path: ..., label: NAME} under datasets",
    })
}

fn image(schema: &Schema, reading: &Reading, others: &[&Field]) -> Result<Option<String>, TableError> {
    let bytes: Vec<&&Field> = others.iter().filter(|field| is_image(field.data_type())).collect();
    let field = match (&reading.image, of_names(schema, &IMAGES), bytes.as_slice()) {
        (Some(name), ..) => named(schema, name)?,
        (None, Some(field), _) => field,
        (None, None, [only]) => only,
        (None, None, _) => return Ok(None),
    };
    if is_image(field.data_type()) || is_text(field.data_type()) {
        return Ok(Some(field.name().clone()));
    }
    Err(TableError::Type {
        column: field.name().clone(),
        found: field.data_type().to_string(),
        wanted: "bytes of images, or a struct with such `bytes`,",
        hint: "name the column of the images: {path: ..., image: NAME} under datasets",
    })
}

/// One column of lists of numbers, which is an embedding, or else all columns of numbers and of texts.
fn features(others: &[&Field], label: &str) -> Result<Vec<String>, TableError> {
    let lists: Vec<&&Field> = others.iter().filter(|field| is_list(field.data_type())).collect();
    match lists.as_slice() {
        [] => {}
        [only] => return Ok(vec![only.name().clone()]),
        [one, ..] => {
            let found: Vec<&str> = lists.iter().map(|field| field.name().as_str()).collect();
            return Err(TableError::Missing {
                wanted: "of features that is alone".to_owned(),
                found: format!("the lists {}", found.join(", ")),
                hint: format!(
                    "name the one that is meant: {{path: ..., features: [{}]}} under datasets",
                    one.name()
                ),
            });
        }
    }
    let columns: Vec<String> = others
        .iter()
        .filter(|field| is_number(field.data_type()) || is_text(field.data_type()))
        .filter(|field| !ROWS.contains(&field.name().to_lowercase().as_str()))
        .map(|field| field.name().clone())
        .collect();
    if columns.is_empty() { Err(TableError::NoFeatures(format!("`{label}`"))) } else { Ok(columns) }
}

fn wrong_feature(field: &Field) -> TableError {
    TableError::Type {
        column: field.name().clone(),
        found: field.data_type().to_string(),
        wanted: "numbers, texts or lists of numbers",
        hint: "name other columns as features",
    }
}

/// Numbers, and what is one: yes and no.
pub fn is_number(kind: &DataType) -> bool {
    match kind {
        DataType::Boolean | DataType::Decimal128(..) => true,
        DataType::Dictionary(_, values) => is_number(values),
        kind => kind.is_integer() || kind.is_floating(),
    }
}

/// What a column holds, in a word.
pub fn word(kind: &DataType) -> &'static str {
    match kind {
        _ if is_number(kind) => "numbers",
        _ if is_text(kind) => "texts",
        _ if is_list(kind) => "lists of numbers",
        _ if is_image(kind) => "images",
        _ => "something else",
    }
}

/// Texts, each written or by its place in a dictionary.
pub fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Lists of numbers.
pub fn is_list(kind: &DataType) -> bool {
    match kind {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            is_number(item.data_type())
        }
        _ => false,
    }
}

/// Bytes, or Hugging Face's struct of `bytes` and `path`.
fn is_image(kind: &DataType) -> bool {
    match kind {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Struct(fields) => {
            fields.iter().any(|field| field.name() == "bytes" && is_image(field.data_type()))
        }
        _ => false,
    }
}
