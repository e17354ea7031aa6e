//! An index: which records there are, and where their tables lie in packs. A Parquet file, so that
//! other programs can read it.
//!
//! In: records with places. Out: bytes, and back. A row for each table of a record: `key`, `op`,
//! `table`, `digest`, `bytes`, `pack`, `offset`; the first row of a record has the `record` itself.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use bytes::Bytes;
use hspipe_engine::key::{Digest, TaskKey};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::error::RemoteError;

/// Where an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The pack.
    pub pack: Digest,
    /// Its first byte there.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
}

/// A table of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the op calls it.
    pub table: String,
    /// Of its bytes.
    pub digest: Digest,
    /// Where these lie.
    pub place: Place,
}

/// A record and its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key of its task.
    pub key: TaskKey,
    /// The op that made it.
    pub op: String,
    /// The record's file.
    pub record: Box<str>,
    /// Its tables.
    pub tables: Vec<Row>,
}

/// The columns of texts, in the order of the file.
const TEXTS: [&str; 5] = ["key", "op", "table", "digest", "pack"];

/// The bytes of an index.
///
/// # Errors
/// A defect of Parquet's library.
pub fn write(entries: &[Entry]) -> Result<Vec<u8>, RemoteError> {
    let rows = || entries.iter().flat_map(|entry| entry.tables.iter().map(move |row| (entry, row)));
    let texts = |text: &dyn Fn(&Entry, &Row) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows().map(|(entry, row)| text(entry, row))))
    };
    let numbers = |number: &dyn Fn(&Row) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows().map(|(_, row)| number(row).cast_signed())))
    };
    let records = entries.iter().flat_map(|entry| {
        let record = |at| (at == 0).then_some(entry.record.as_ref());
        (0..entry.tables.len()).map(record)
    });
    let columns: Vec<ArrayRef> = vec![
        texts(&|entry, _| entry.key.hex()),
        texts(&|entry, _| entry.op.clone()),
        texts(&|_, row| row.table.clone()),
        texts(&|_, row| row.digest.hex()),
        texts(&|_, row| row.place.pack.hex()),
        numbers(&|row| row.place.offset),
        numbers(&|row| row.place.bytes),
        Arc::new(StringArray::from_iter(records)),
    ];
    let mut fields: Vec<Field> =
        TEXTS.into_iter().map(|name| Field::new(name, DataType::Utf8, false)).collect();
    fields.extend(["offset", "bytes"].map(|name| Field::new(name, DataType::Int64, false)));
    fields.push(Field::new("record", DataType::Utf8, true));
    table(Schema::new(fields), columns).map_err(RemoteError::Index)
}

/// A Parquet file of these columns, the same bytes for the same rows.
pub(crate) fn table(
    schema: Schema,
    columns: Vec<ArrayRef>,
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let schema = Arc::new(schema);
    let batch = RecordBatch::try_new(schema.clone(), columns)?;
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("hspipe".to_string())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?));
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build()))?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// The entries of an index; none if these bytes are not those of one.
pub fn read(bytes: Bytes) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for batch in batches(bytes)? {
        entries_of(&batch, &mut entries)?;
    }
    Some(entries)
}

/// The rows of a Parquet file; none if it is none.
pub(crate) fn batches(bytes: Bytes) -> Option<Vec<RecordBatch>> {
    // The decoder may panic on what nobody should have written.
    let read = AssertUnwindSafe(|| -> Option<Vec<RecordBatch>> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).ok()?.build().ok()?;
        reader.collect::<Result<_, ArrowError>>().ok()
    });
    panic::catch_unwind(read).ok()?
}

pub(crate) fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

fn entries_of(batch: &RecordBatch, entries: &mut Vec<Entry>) -> Option<()> {
    let number = |name: &str| batch.column_by_name(name)?.as_any().downcast_ref::<Int64Array>();
    let [keys, ops, tables, digests, packs] = TEXTS.map(|name| text(batch, name));
    let (keys, ops, tables, digests, packs) = (keys?, ops?, tables?, digests?, packs?);
    let (offsets, sizes, records) = (number("offset")?, number("bytes")?, text(batch, "record")?);
    // Packs are few.
    let mut known: HashMap<&str, Digest> = HashMap::new();
    for row in 0..batch.num_rows() {
        let pack = match known.get(packs.value(row)) {
            Some(pack) => *pack,
            None => *known.entry(packs.value(row)).or_insert(Digest::from_hex(packs.value(row))?),
        };
        let place = Place {
            pack,
            offset: offsets.value(row).try_into().ok()?,
            bytes: sizes.value(row).try_into().ok()?,
        };
        let digest = Digest::from_hex(digests.value(row))?;
        if records.is_valid(row) {
            entries.push(Entry {
                key: TaskKey::from_hex(keys.value(row))?,
                op: ops.value(row).to_string(),
                record: records.value(row).into(),
                tables: Vec::new(),
            });
        }
        let entry = entries.last_mut()?;
        entry.tables.push(Row { table: tables.value(row).to_string(), digest, place });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let key = |text: &str| TaskKey::from_hex(&Digest::of(text.as_bytes()).hex()).unwrap();
        let row = |table: &str, offset| {
            let place = Place { pack: Digest::of(b"pack"), offset, bytes: 7 };
            Row { table: table.into(), digest: Digest::of(table.as_bytes()), place }
        };
        let entry = |name: &str, tables| Entry {
            key: key(name),
            op: "fit".into(),
            record: format!("{{\"{name}\":1}}").into(),
            tables,
        };
        let entries = [entry("a", vec![row("scores", 0), row("history", 7)]), entry("b", vec![row("t", 14)])];
        let bytes = write(&entries).unwrap();
        assert_eq!(bytes, write(&entries).unwrap());
        assert_eq!(read(bytes.clone().into()).unwrap(), entries);
        assert_eq!(read(Bytes::from_static(b"PAR1")), None);
        for place in (0..bytes.len()).step_by(7) {
            let mut other = bytes.clone();
            other[place] ^= 0x55;
            // Whatever it gives, it ends.
            let _ = read(other.into());
        }
    }
}
