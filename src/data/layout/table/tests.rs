//! Tables of every kind, made by arrow's own writers.

use std::fs;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow_array::types::{Float32Type, Int8Type};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, FixedSizeListArray, Float64Array, Int16Array, Int64Array,
    LargeBinaryArray, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_schema::{DataType, Field};

use super::super::super::own::Own;
use super::super::super::picture::tests::grey;
use super::super::super::read::tests::gzip;
use super::super::tests::content;
use super::*;
use crate::data::Samples;
use crate::data::reading::Missing;

fn samples(files: &[(&str, Vec<u8>)], reading: &Reading) -> Result<Samples, String> {
    let files = files.iter().map(|(name, bytes)| content(name, bytes.clone())).collect();
    let made = rows(files, reading).and_then(|rows| Samples::of(rows, reading, Path::new("x")));
    made.map_err(|error| format!("{}: {}", error.in_one_line(), error.hint().unwrap_or_default()))
}

fn read(bytes: &[u8]) -> Result<Samples, String> {
    samples(&[("x.parquet", bytes.to_vec())], &Reading::default())
}

fn csv(text: &str) -> Result<Samples, String> {
    samples(&[("x.csv", text.as_bytes().to_vec())], &Reading::default())
}

/// A file with these columns.
fn table(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)));
    parquet_of(&batch.unwrap())
}

fn parquet_of(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// Grey images of one pixel.
fn pictures(pixels: &[u8]) -> ArrayRef {
    let images: Vec<Vec<u8>> = pixels.iter().map(|pixel| grey(1, 1, &[*pixel])).collect();
    Arc::new(LargeBinaryArray::from_iter_values(images))
}

fn plain(pixels: &[u8], labels: Vec<Option<i16>>) -> Vec<u8> {
    table(vec![("img", pictures(pixels)), ("label", Arc::new(Int16Array::from(labels)))])
}

/// tests/data/README.md says how pyarrow made the file.
#[test]
fn what_hugging_face_writes_is_read_with_its_class_names() {
    let insects = read(include_bytes!("../../../../tests/data/insects.parquet")).unwrap();
    assert_eq!(insects.summary(), "3 classes: ant, bee, wasp; 6 samples; 3x2 in colour");
    assert_eq!(insects.labels, [0, 2, 1, 2, 0, 1]);
    let pixels = &insects.images().pixels;
    assert_eq!((pixels[0], pixels[18], pixels[107]), (0, 10, 50));
}

#[test]
fn a_folder_is_read_train_first_whatever_its_files_are_called() {
    let folder = tempfile::tempdir().unwrap();
    for (name, pixels) in [("test-0.parquet", [5, 6]), ("more.parquet", [3, 4]), ("train-0.parquet", [1, 2])]
    {
        fs::write(folder.path().join(name), plain(&pixels, vec![Some(0), Some(1)])).unwrap();
    }
    let own = |path: &Path| Own::new("mine".into(), path.into(), Reading::default());
    let found = own(folder.path()).load().unwrap();
    assert_eq!(found.images().pixels, [1, 2, 3, 4, 5, 6]);
    let sets: Vec<(&str, usize)> = found.sets.iter().map(|set| (set.name.as_str(), set.samples)).collect();
    assert_eq!(sets, [("train", 2), ("", 2), ("test", 2)]);
    let before = own(folder.path()).identity().unwrap();
    fs::rename(folder.path().join("train-0.parquet"), folder.path().join("train-9.parquet")).unwrap();
    assert_eq!(own(folder.path()).identity().unwrap(), before);

    // One folder down beside a page about it, as a clone of a repository has it.
    let clone = tempfile::tempdir().unwrap();
    fs::rename(folder.path(), clone.path().join("data")).unwrap();
    fs::write(clone.path().join("README.md"), "x").unwrap();
    fs::create_dir(clone.path().join(".git")).unwrap();
    assert_eq!(own(clone.path()).load().unwrap().labels, found.labels);
}

#[test]
fn labels_are_whatever_values_occur() {
    let of = |labels: ArrayRef| read(&table(vec![("image", pictures(&[1, 2, 3, 4, 5])), ("label", labels)]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["wasp", "ant", "wasp", "ant", "ant"]));
    assert_eq!(of(texts).unwrap().class_names(), ["ant", "wasp"]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), Some(-3), None, Some(7), Some(-3)]));
    let found = of(numbers).unwrap();
    assert_eq!((found.class_names(), found.rows.as_slice()), (vec!["-3", "7"], &[0, 1, 3, 4][..]));
    let dictionary: DictionaryArray<Int8Type> = vec!["b", "a", "b", "a", "a"].into_iter().collect();
    assert_eq!(of(Arc::new(dictionary)).unwrap().labels, [1, 0, 1, 0, 0]);
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true, false, false]));
    assert_eq!(of(flags).unwrap().class_names(), ["false", "true"]);
    // As pandas has whole numbers beside gaps.
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, f64::NAN, 1.0, 2.0]));
    assert_eq!(of(floats).unwrap().class_names(), ["1", "2"]);
    let fractions: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.5, 0.1, 1.0, 2.0]));
    assert!(
        of(fractions)
            .unwrap_err()
            .contains("column `label`: there is the label 2.5, which is no whole number")
    );
    let lists =
        ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>(vec![Some(vec![Some(1)]); 5]);
    assert!(of(Arc::new(lists)).unwrap_err().contains("multi-label"));
}

/// Each file numbers its classes in an order of its own.
#[test]
fn names_of_classes_are_those_of_each_file() {
    let file = |names: &[&str], labels: Vec<Option<i16>>| {
        let names = serde_json::json!({"info": {"features": {"label": {"names": names}}}});
        let columns: [(&str, ArrayRef); 2] =
            [("image", pictures(&vec![0; labels.len()])), ("label", Arc::new(Int16Array::from(labels)))];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap();
        let metadata = std::collections::HashMap::from([("huggingface".to_owned(), names.to_string())]);
        let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
        parquet_of(&batch.with_schema(schema).unwrap())
    };
    let train = file(&["wasp", "ant"], vec![Some(0), Some(1), Some(1)]);
    let test = file(&["ant", "wasp"], vec![Some(0), Some(1), Some(-1)]);
    let found =
        samples(&[("train/1.parquet", train), ("test/2.parquet", test)], &Reading::default()).unwrap();
    assert_eq!((found.class_names(), found.labels.as_slice()), (vec!["wasp", "ant"], &[0, 1, 1, 1, 0][..]));
    assert_eq!(found.classes[1].value, "1");
    assert!(read(&file(&["ant"], vec![Some(0), Some(1)])).unwrap_err().contains("label 1 has no name"));
}

#[test]
fn what_is_wrong_with_columns_is_told_with_a_hint_that_fits() {
    let labels: ArrayRef = Arc::new(Int16Array::from(vec![0, 1]));
    let refused = |columns: Vec<(&str, ArrayRef)>, parts: &[&str]| {
        let error = read(&table(columns)).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("anew"), "this is no damage: {error}");
    };
    let images = || ("img", pictures(&[1, 2]));
    refused(
        vec![images(), ("fine_label", labels.clone())],
        &["no column `label`", "img, fine_label", "--label fine_label"],
    );
    let paths: ArrayRef = Arc::new(StringArray::from(vec!["a/1.png", "a/2.png"]));
    refused(vec![("image", paths.clone()), ("label", labels.clone())], &["paths of images", "a/1.png"]);
    let bytes: ArrayRef = Arc::new(LargeBinaryArray::from(vec![None, None]));
    let pair = StructArray::from(vec![
        (Arc::new(Field::new("bytes", DataType::LargeBinary, true)), bytes),
        (Arc::new(Field::new("path", DataType::Utf8, true)), paths),
    ]);
    refused(vec![("image", Arc::new(pair)), ("label", labels.clone())], &["paths of images", "a/1.png"]);
    refused(vec![("label", labels.clone())], &["no column of numbers or of images"]);
    let fine = Reading { label: Some("fine_label".into()), ..Reading::default() };
    let file = table(vec![images(), ("fine_label", Arc::new(Int16Array::from(vec![3, 3])))]);
    let error = samples(&[("x.parquet", file)], &fine).unwrap_err();
    assert!(error.contains("one class only, \"3\""), "{error}");
}

#[test]
fn numbers_and_categories_are_features() {
    let text = "nr,age,colour,class,note\n\
                1,10,red,a,x\n2,20,blue,b,x\n3,30,red,a,x\n4,40,,b,x\n";
    let found = csv(text).unwrap_err();
    assert!(found.contains("no value in") || found.contains("colour"), "{found}");
    let found = csv(&text.replace(",,", ",blue,")).unwrap();
    assert_eq!(found.features().names, ["age", "colour=blue", "colour=red"]);
    assert_eq!(found.features().values, [10., 0., 1., 20., 1., 0., 30., 0., 1., 40., 1., 0.]);
    let said = found.notices.join("; ");
    for part in [
        "labels are the column `class`",
        "column `nr` counts the rows",
        "`colour` has 2 categories",
        "left out: note=x",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(found.summary(), "2 classes: a, b; 4 samples; 3 features");
    let filled = Reading { missing: Some(Missing::Mean), ..Reading::default() };
    let gap = samples(&[("x.csv", b"label,x\n0,1\n1,\n0,3\n1,5\n".to_vec())], &filled).unwrap();
    assert_eq!(gap.features().values, [1., 3., 3., 5.]);
}

#[test]
fn texts_of_many_values_are_shown_and_not_learned_from() {
    let rows: String = (0..150).map(|i| format!("{},{},\"a, {i}\"\n", i % 2, i * i)).collect();
    let found = csv(&format!("label,x,review\n{rows}")).unwrap();
    assert_eq!((found.features().names.len(), found.texts[149].as_str()), (1, "a, 149"));
}

#[test]
fn a_list_of_numbers_is_an_embedding() {
    let embedding = |rows: Vec<Option<Vec<Option<f32>>>>| -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows))
    };
    let labels: ArrayRef = Arc::new(Int16Array::from(vec![0, 1, 0, 1]));
    let rows: Vec<Option<Vec<Option<f32>>>> =
        (0..4).map(|i| Some(vec![Some(i as f32), Some(0.5 * i as f32)])).collect();
    let extra: ArrayRef = Arc::new(Int64Array::from(vec![9, 8, 7, 3]));
    let file = table(vec![("vector", embedding(rows.clone())), ("year", extra), ("label", labels.clone())]);
    let found = read(&file).unwrap();
    assert_eq!(
        (&found.features().values[..4], &*found.features().names[1]),
        (&[0., 0., 1., 0.5][..], "vector[1]")
    );
    assert_eq!(found.notices, ["columns that are not read: year"]);
    let fixed = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows.clone(), 2);
    let found = read(&table(vec![("vector", Arc::new(fixed)), ("label", labels.clone())])).unwrap();
    assert_eq!(found.features().names.len(), 2);
    let mut ragged = rows;
    ragged[2] = Some(vec![Some(1.0)]);
    let error = read(&table(vec![("vector", embedding(ragged)), ("label", labels)])).unwrap_err();
    assert!(error.contains("column `vector` has 1 numbers in row 2, and 2 in row 0"), "{error}");
}

#[test]
fn columns_of_pixels_are_images() {
    let rows: String = (0..6).map(|i| format!("{},{i},250,0,{}\n", i % 3, 2 * i)).collect();
    for names in ["pixel0,pixel1,pixel2,pixel3", "1x1,1x2,2x1,2x2"] {
        let found = csv(&format!("label,{names}\n{rows}")).unwrap();
        assert_eq!(found.summary(), "3 classes: 0, 1, 2; 6 samples; 2x2 grey");
        assert_eq!(found.images().pixels[4..8], [1, 250, 0, 2]);
    }
    let found = csv(&format!("label,a,b,c,d\n{rows}")).unwrap();
    assert_eq!(
        found.features().names,
        ["d"],
        "one counts rows, two do not vary, and these are no names of pixels"
    );
}

#[test]
fn arrow_files_and_streams_are_tables_too() {
    let columns: [(&str, ArrayRef); 2] = [
        ("x", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 5.0]))),
        ("label", Arc::new(StringArray::from(vec!["a", "b", "a", "b"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut stream = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    let mut file = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    file.write(&batch).unwrap();
    for bytes in [stream.into_inner().unwrap(), file.into_inner().unwrap()] {
        let found = samples(&[("x.arrow", bytes)], &Reading::default()).unwrap();
        assert_eq!(
            (found.features().values.as_slice(), found.labels.as_slice()),
            (&[1., 2., 3., 5.][..], &[0, 1, 0, 1][..])
        );
    }
}

#[test]
fn what_would_fill_the_memory_is_refused_before_it_does() {
    // A large image in every row, which a dictionary and gzip make small.
    let image = grey(4000, 4000, &vec![0; 16_000_000]);
    let rows = 200;
    let images = LargeBinaryArray::from_iter_values(std::iter::repeat_n(&image, rows));
    let labels: Vec<Option<i16>> = (0..rows).map(|row| Some(row as i16 % 2)).collect();
    let bytes = table(vec![("image", Arc::new(images)), ("label", Arc::new(Int16Array::from(labels)))]);
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    let error = read(&bytes).unwrap_err();
    assert!(error.contains("200 x 16000000 bytes"), "{error}");

    let column = vec![0; 100 << 20];
    let images = LargeBinaryArray::from_iter_values([&column]);
    let columns: [(&str, ArrayRef); 2] =
        [("image", Arc::new(images)), ("label", Arc::new(Int16Array::from(vec![0])))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let packed = ::parquet::basic::Compression::ZSTD(Default::default());
    let how = ::parquet::file::properties::WriterProperties::builder().set_compression(packed).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(how)).unwrap();
    writer.write(&batch).unwrap();
    let error = read(&writer.into_inner().unwrap()).unwrap_err();
    assert!(error.contains("column `image` claims 1048"), "{error}");
}

/// How people pack tables.
#[test]
fn every_codec_that_people_use_is_read() {
    use ::parquet::basic::Compression;
    let columns: [(&str, ArrayRef); 2] = [
        ("x", Arc::new(Float64Array::from((0..400).map(|i| f64::from(i % 7)).collect::<Vec<_>>()))),
        ("label", Arc::new(Int64Array::from((0..400).map(|i| i % 2).collect::<Vec<_>>()))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
        Compression::BROTLI(Default::default()),
    ] {
        let how = ::parquet::file::properties::WriterProperties::builder().set_compression(codec).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(how)).unwrap();
        writer.write(&batch).unwrap();
        let found = read(&writer.into_inner().unwrap()).unwrap();
        assert_eq!((found.labels.len(), found.features().values[399]), (400, 0.0), "{codec:?}");
    }
}

#[test]
fn a_gzipped_table_with_comments_is_what_it_is_without() {
    let rows: String = (0..8).map(|i| format!("{},{}.5\n", i % 2, i * 3)).collect();
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("plain.csv"), folder.path().join("packed.csv.gz"));
    fs::write(&plain, format!("label,x\n{rows}")).unwrap();
    fs::write(&packed, gzip(format!("# a note\nlabel,x\n{rows}").as_bytes())).unwrap();
    let own = |path: &Path| Own::new("mine".into(), path.into(), Reading::default());
    let (plain, mut found) = (own(&plain).load().unwrap(), own(&packed).load().unwrap());
    let notice = found.notices.remove(0);
    assert!(notice.contains("packed.csv.gz, which begins with #, is taken for a comment"), "{notice}");
    assert_eq!(found, plain);
    assert_eq!(own(folder.path()).load().unwrap().labels.len(), 8, "the packed one may be the same");
    fs::remove_file(folder.path().join("plain.csv")).unwrap();
    assert_eq!(own(folder.path()).load().unwrap().labels.len(), 8);
}

#[test]
fn damage_is_named_and_no_panic() {
    let image: ArrayRef = Arc::new(LargeBinaryArray::from_vec(vec![b"GIF89a"]));
    let label: ArrayRef = Arc::new(Int16Array::from(vec![0]));
    let error = read(&table(vec![("image", image), ("label", label)])).unwrap_err();
    assert!(error.contains("x.parquet, row 0") && error.contains("this GIF cannot be decoded"), "{error}");
    let good = plain(&[1, 2, 3, 4], vec![Some(0), Some(1), Some(0), Some(1)]);
    assert!(read(&good).is_ok());
    let error = read(&good[..good.len() - 9]).unwrap_err();
    assert!(error.contains("cannot be read as Parquet") && error.contains("anew"), "{error}");
    let mut damaged = include_bytes!("../../../../tests/data/insects.parquet").to_vec();
    damaged[14] = 0;
    assert!(read(&damaged).unwrap_err().contains("it is damaged"));
    for at in (0..good.len()).step_by(7) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x55;
        let _ = read(&damaged);
    }
}

/// Seconds since 1970 as floats of 32 bits would be four values.
#[test]
fn large_numbers_keep_what_tells_them_apart() {
    let rows: String = (0..60).map(|i| format!("{},{}\n", i % 2, 1_700_000_000 + i * 3)).collect();
    let found = csv(&format!("label,time\n{rows}")).unwrap();
    assert_eq!(found.features().values[..3], [0.0, 3.0, 6.0]);
    assert_eq!(found.notices, ["large numbers are read less their least, 1700000000 of time"]);
}

#[test]
fn what_a_tester_found_to_be_misread() {
    let rows = |row: fn(usize) -> String| (0..60).map(row).collect::<String>();
    let text = rows(|i| format!("{},{},{},{}\n", i % 3, ["a", "b", "c"][i % 3], i * 7 % 11, i + 1000));
    let found = csv(&format!("label,label_text,x,id\n{text}")).unwrap();
    assert_eq!(found.features().names, ["x"], "the label's twin and the name of the row are none");
    assert!(csv("label,x,x\n0,1,2\n1,2,3\n").unwrap_err().contains("two columns that are called `x`"));
    let (numbers, texts) = ("label,x\n0,1\n1,2\n0,3\n1,5\n", "label,x\n0,a\n1,b\n0,c\n1,d\n");
    let files = [("train/1.csv", numbers.into()), ("test/2.csv", texts.into())];
    let error = samples(&files, &Reading::default()).unwrap_err();
    assert!(error.contains("column `x` holds texts, and numbers in the first file"), "{error}");
    // What is to be predicted has no label yet.
    let files = [("train/1.csv", numbers.into()), ("test/2.csv", b"x\n4\n".to_vec())];
    let found = samples(&files, &Reading::default()).unwrap();
    assert_eq!(
        (found.labels.len(), &*found.notices[0]),
        (4, "test/2.csv has no column `label`, and is left out")
    );
    let large: ArrayRef = Arc::new(arrow_array::UInt64Array::from(vec![u64::MAX, 1, 1, 2, 2]));
    let file = table(vec![("x", Arc::new(Float64Array::from(vec![1., 2., 3., 4., 6.]))), ("label", large)]);
    assert!(read(&file).unwrap_err().contains("beyond what 64 bits"));
    let codes: DictionaryArray<Int8Type> =
        DictionaryArray::new(vec![0, 1, 1, 0].into(), Arc::new(Int64Array::from(vec![70, 9])));
    let lists = ListArray::from_iter_primitive::<Float32Type, _, _>([
        None,
        Some(vec![Some(2.0), Some(1.0)]),
        Some(vec![Some(3.0), Some(5.0)]),
        Some(vec![Some(1.0), Some(4.0)]),
    ]);
    let file = table(vec![("e", Arc::new(lists)), ("label", Arc::new(codes))]);
    let filled = Reading { missing: Some(Missing::Mean), ..Reading::default() };
    let found = samples(&[("x.parquet", file)], &filled).unwrap();
    assert_eq!((found.class_names(), found.features().values[0]), (vec!["9", "70"], 2.0));
}

#[test]
fn tables_in_folders_of_splits_are_found() {
    let root = tempfile::tempdir().unwrap();
    for (path, pixels) in
        [("default/train/0000.parquet", [1, 2]), ("default/validation/0000.parquet", [3, 4])]
    {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, plain(&pixels, vec![Some(0), Some(1)])).unwrap();
        fs::write(path.with_file_name("._0000.parquet"), "x").unwrap();
        fs::write(path.with_file_name("cache-1.arrow"), "x").unwrap();
    }
    let found = Own::new("mine".into(), root.path().into(), Reading::default()).load().unwrap();
    assert_eq!(
        (found.images().pixels.as_slice(), found.summary().contains("2 train, 2 val")),
        (&[1, 2, 3, 4][..], true)
    );
    let wrong = Reading { missing: Some(Missing::Mean), ..Reading::default() };
    let error = Own::new("mine".into(), root.path().into(), wrong).load().unwrap_err();
    assert!(
        error.to_string().contains("`missing` in the dataset's map says nothing of these data"),
        "{error}"
    );
}
