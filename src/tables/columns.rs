//! What one field of a table's struct is in the file: a column, or several that the maker of the table names.
//!
//! In: values. Out: arrow's columns with names and types, or the other way round. Must not know what they mean.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{Field, Schema as ArrowSchema};

use super::{Frame, Kind, Schema, TableError, Values, write_columns};

/// A field of a table's struct.
pub trait Columns: Sized {
    const KIND: Kind;
    const NULLABLE: bool;
    /// Whether it is any number of columns, with names of their own.
    const SEVERAL: bool;

    /// Adds its columns to the table; `name` is the field's.
    fn put(self, name: &str, table: &mut Table);

    /// Its columns of a table of this schema.
    ///
    /// # Errors
    /// There is no such column, or it holds values of another type.
    fn of(frame: &Frame, name: &str, schema: &Schema) -> Result<Self, TableError>;
}

impl<V: Values> Columns for V {
    const KIND: Kind = <V as Values>::KIND;
    const NULLABLE: bool = <V as Values>::NULLABLE;
    const SEVERAL: bool = false;

    fn put(self, name: &str, table: &mut Table) {
        table.add(name, self);
    }

    fn of(frame: &Frame, name: &str, _: &Schema) -> Result<Self, TableError> {
        frame.column(name)
    }
}

/// Any number of columns of one type, each with a name that no other column of the table has.
pub struct Named<V>(pub Vec<(String, V)>);

impl<V: Values> Columns for Named<V> {
    const KIND: Kind = V::KIND;
    const NULLABLE: bool = V::NULLABLE;
    const SEVERAL: bool = true;

    fn put(self, _: &str, table: &mut Table) {
        self.0.into_iter().for_each(|(name, values)| table.add(&name, values));
    }

    /// Those that the schema does not name.
    fn of(frame: &Frame, _: &str, schema: &Schema) -> Result<Self, TableError> {
        let is_named = |name: &&String| schema.columns.iter().any(|spec| !spec.several && spec.name == *name);
        let batch = frame.batch().schema();
        let names = batch.fields().iter().map(|field| field.name()).filter(|name| !is_named(name));
        let columns = names.map(|name| Ok((name.clone(), frame.column(name)?)));
        columns.collect::<Result<_, TableError>>().map(Named)
    }
}

/// A table that is put together.
#[derive(Default)]
pub struct Table {
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl Table {
    fn add<V: Values>(&mut self, name: &str, values: V) {
        let array = values.into_array();
        self.fields.push(Field::new(name, V::KIND.data_type(&array), V::NULLABLE));
        self.columns.push(array);
    }

    /// The Parquet bytes; `name` is what errors call the table.
    ///
    /// # Errors
    /// Columns of different lengths.
    pub fn write(self, name: &str) -> Result<Vec<u8>, TableError> {
        write_columns(name, Arc::new(ArrowSchema::new(self.fields)), self.columns)
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::{Frame, Named, Texts};

    crate::tables! {
        /// Made up.
        Shares = "shares" {
            class: Vec<i32>,
            strategies: Named<Vec<Option<f64>>>,
            name: Texts,
        }
    }

    #[test]
    fn a_field_may_be_several_columns_in_its_place() {
        let strategies = ["aum", "energy"].map(|name| (name.to_string(), vec![Some(0.5), None]));
        let shares = Shares {
            class: vec![0, 1],
            strategies: Named(strategies.to_vec()),
            name: vec!["ant", "bee"].into(),
        };
        let bytes = shares.write().unwrap();
        let frame = Frame::read("shares", bytes.clone()).unwrap();
        let schema = frame.batch().schema();
        let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, ["class", "aum", "energy", "name"]);
        let back = Shares::read(bytes).unwrap();
        assert_eq!(back.strategies.0, strategies);
        assert_eq!(
            (back.class, back.name.to_vec()),
            (vec![0, 1], vec!["ant".to_string(), "bee".to_string()])
        );
        assert_eq!(ALL.len(), 1);
    }
}
