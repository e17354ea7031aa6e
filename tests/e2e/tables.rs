//! docs/tables.md against the tables of a real run.

use std::fs::{self, File};
use std::path::Path;

use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::project::Project;

/// A table's name, and its columns with their types.
type Documented = (String, Vec<(String, String)>);

#[test]
fn results_are_as_documented() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documented = documented(&fs::read_to_string(repository.join("docs/tables.md")).unwrap());
    let names: Vec<&str> = documented.iter().map(|(name, _)| name.as_str()).collect();
    let pipeline = fs::read_to_string(repository.join("pipeline.yaml")).unwrap();
    assert_eq!(names, results(&pipeline));

    let project = Project::new();
    let targets = [
        "hard",
        "correlation",
        "radii_summary",
        "cifar10",
        "figure3",
        "figure4",
        "benchmark",
        "influence",
        "stability",
        "prune",
    ];
    let few = [
        "radii_runs=2",
        "cifar10_runs=1",
        "remaining_ratios_easy=[0.5]",
        "remaining_ratios_hard=[0, 1]",
        "draws=1",
        "judges=1",
        "kept_shares=[0.3]",
        "prune_runs=1",
        "bag_networks=4",
        "bag_epochs=20",
        "noise_shares=[0.1]",
    ];
    let few = few.iter().flat_map(|set| ["--set", set]);
    project.run(&targets.into_iter().chain(few).collect::<Vec<&str>>());
    assert!(project.path("Figures/Figure3/generalisation_from_easy_to_hard_on_tiny.svg").exists());
    for (name, columns) in &documented {
        assert_eq!(&columns_of(&project.path(&format!("Results/{name}.parquet"))), columns, "{name}");
    }
    for entry in fs::read_dir(project.path("Results")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(names.contains(&name) || name == "params", "{} is not documented", file.display());
    }
}

/// The sections of part 1, which describes the tables in Results/.
fn documented(document: &str) -> Vec<Documented> {
    let mut sections: Vec<Documented> = Vec::new();
    let part = document.lines().skip_while(|line| !line.starts_with("# Part 1")).skip(1);
    for line in part.take_while(|line| !line.starts_with("# ")) {
        if let Some(name) = line.strip_prefix("## ") {
            sections.push((name.to_string(), Vec::new()));
        } else if let Some(row) = line.strip_prefix('|') {
            let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
            let [column, kind, meaning] = cells[..] else { panic!("three cells are wanted: {line}") };
            assert!(!meaning.is_empty(), "no meaning: {line}");
            if column != "column" && column != "---" {
                let columns = &mut sections.last_mut().expect("a table stands in a section").1;
                columns.push((column.to_string(), kind.to_string()));
            }
        }
    }
    sections
}

/// The names of pipeline.yaml's results, its last section.
fn results(pipeline: &str) -> Vec<&str> {
    let (_, section) = pipeline.split_once("\nresults:\n").unwrap();
    section.lines().filter_map(|line| Some(line.trim().split_once(':')?.0)).collect()
}

fn columns_of(file: &Path) -> Vec<(String, String)> {
    let opened = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
    let column = |field: &arrow_schema::Field| {
        let kind = match field.data_type() {
            DataType::Int32 => "int32",
            DataType::Int64 => "int64",
            DataType::UInt32 => "uint32",
            DataType::Float32 => "float32",
            DataType::Float64 => "float64",
            DataType::Utf8 => "string",
            DataType::Boolean => "bool",
            DataType::Binary => "binary",
            other => panic!("{}: {other} is no type of a result", file.display()),
        };
        let null = if field.is_nullable() { ", null" } else { "" };
        (field.name().clone(), format!("{kind}{null}"))
    };
    reader.schema().fields().iter().map(|field| column(field)).collect()
}
