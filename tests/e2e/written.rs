//! Results/ and Figures/ hold what hspipe wrote for the parameters at hand, and nothing else of hspipe's is served.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::own_data::{NAMES, write_folders};
use crate::project::{Project, differences};

const COUNTS: &[&str] = &["hard_counts", "--set", "strategies=[stragglers]"];
const TABLE: &str = "Results/hard_counts.parquet";

fn count(project: &Project, table: &str) -> (Option<i32>, String) {
    let ran = project.hspipe(&["query", &format!("SELECT count(*) FROM {table}")]);
    (ran.code, ran.err)
}

/// As another program writes a table that it has read: other rows, the same notes.
fn doubled(file: &Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let double = |(place, column): (usize, &ArrayRef)| -> ArrayRef {
        match schema.field(place).name() == "mean" {
            true => Arc::new(column.as_primitive::<Float64Type>().unary::<_, Float64Type>(|mean| 2.0 * mean)),
            false => column.clone(),
        }
    };
    let columns = batch.columns().iter().enumerate().map(double).collect();
    let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), schema.clone(), None).unwrap();
    writer.write(&RecordBatch::try_new(schema.clone(), columns).unwrap()).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_table_that_is_not_as_written_is_refused_and_written_anew() {
    let project = Project::new();
    project.run(COUNTS);
    let (table, written) = (project.path(TABLE), project.contents());
    let whole = fs::read(&table).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 24) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&table, bytes).unwrap();
        let (code, said) = count(&project, "hard_counts");
        assert_eq!(code, Some(1), "byte {at}: {said}");
        let words =
            ["hard_counts.parquet is not as hspipe wrote it", "why: its blake3 is", "hint: `hspipe run"];
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    assert_eq!(count(&project, "hard_samples").0, Some(0), "another table is as it was");
    fs::write(&table, &whole).unwrap();
    doubled(&table);
    for words in
        [&["query", "SELECT * FROM hard_counts"][..], &["tables"], &["tables", "hard_counts"], &["check"]]
    {
        let ran = project.hspipe(words);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("not as hspipe wrote it"), "{words:?}: {}", ran.err);
    }
    // The rows are those of the cache again.
    let ran = project.hspipe(&[&["run"], COUNTS].concat());
    assert!(
        ran.err.contains("written anew: hard_counts") && ran.err.contains("nothing to do"),
        "{}",
        ran.err
    );
    assert_eq!(differences(&written, &project.contents()), [""; 0]);

    fs::remove_file(&table).unwrap();
    let (code, said) = count(&project, "hard_counts");
    assert!(code == Some(1) && said.contains("hard_counts.parquet is gone"), "{said}");
    let params = project.path("Results/params.yaml");
    let text = fs::read_to_string(&params).unwrap();
    fs::write(&params, text.replace("epochs: 300", "epochs: 301")).unwrap();
    let (code, said) = count(&project, "hard_samples");
    assert!(code == Some(1) && said.contains("params.yaml is not as hspipe writes it"), "{said}");
    fs::remove_file(&params).unwrap();
    let (code, said) = count(&project, "hard_samples");
    assert!(code == Some(1) && said.contains("there is no Results/params.yaml"), "{said}");
    project.run(COUNTS);
    assert_eq!(differences(&written, &project.contents()), [""; 0]);
}

#[test]
fn a_table_that_no_result_names_goes_and_ones_own_stay() {
    let project = Project::new();
    project.run(COUNTS);
    fs::copy(project.path(TABLE), project.path("Results/mine.parquet")).unwrap();
    let pipeline = fs::read_to_string(project.path("pipeline.yaml")).unwrap();
    let renamed = pipeline.replace("\n  hard_counts: {of: hard_counts}", "\n  counts: {of: hard_counts}");
    assert_ne!(renamed, pipeline);
    fs::write(project.path("pipeline.yaml"), renamed).unwrap();
    let ran = project.hspipe(&[&["run"], COUNTS].concat());
    let said = "removed, since no result of the pipeline has such a name: hard_counts\n";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert!(!project.path(TABLE).exists());
    for table in ["counts", "mine"] {
        assert_eq!(count(&project, table).0, Some(0), "{table}");
    }
}

/// Files cannot grow above a limit: some tables are written, and a larger one is not.
#[cfg(unix)]
#[test]
fn a_mix_of_two_runs_is_not_served() {
    let project = Project::new();
    let others = [COUNTS, &["--set", "learning_rate=0.4"]].concat();
    project.run(COUNTS);
    let written = project.contents();
    project.run(&others);
    let before = fs::read(project.path(TABLE)).unwrap();
    let limited = Command::new("sh")
        .args([
            "-c",
            &format!(
                "trap '' XFSZ; ulimit -f 10; exec \"$0\" run {}",
                "hard_counts --set 'strategies=[stragglers]'"
            ),
        ])
        .arg(project.command(&[]).get_program())
        .current_dir(project.path("."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&limited.stderr);
    assert!(
        limited.status.code() == Some(1) && said.contains("cannot write ./Results/hard_samples.parquet"),
        "{said}"
    );
    let inversions = "Results/inversions.parquet";
    assert_eq!(fs::read(project.path(inversions)).unwrap(), written[inversions], "it is of the cut off run");
    assert_eq!(fs::read(project.path(TABLE)).unwrap(), before, "it is of the run before");
    for table in ["inversions", "hard_counts"] {
        let (code, said) = count(&project, table);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("was cut off while it did") && said.contains("hspipe run TARGET"), "{said}");
    }
    assert_eq!(project.hspipe(&["check"]).code, Some(1));
    project.run(COUNTS);
    assert_eq!(count(&project, "hard_counts").0, Some(0));
    let files = |contents: &std::collections::BTreeMap<String, Vec<u8>>| {
        let results = contents.iter().filter(|(name, _)| name.starts_with("Results"));
        results.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    assert_eq!(differences(&files(&written), &files(&project.contents())), [""; 0]);
}

#[test]
fn a_figure_of_other_parameters_goes_and_ones_own_stay() {
    let project = Project::new();
    let all = || -> Vec<String> {
        let names = project.contents().into_keys();
        names.filter_map(|name| Some(name.strip_prefix("Figures/Tiny/")?.to_string())).collect()
    };
    project.run(&["tiny_figure", "hard_counts"]);
    let (figures, written) = (all(), project.contents());
    assert_eq!(figures, ["stragglers.pdf", "stragglers.png", "stragglers.svg"]);
    assert_eq!(project.hspipe(&["report", "tiny_figure"]).code, Some(0));
    // A run of another target leaves it.
    project.run(&["noise"]);
    assert_eq!(all(), figures);

    fs::write(project.path("Figures/Tiny/mine.svg"), "mine").unwrap();
    fs::write(project.path("Figures/Tiny/stragglers.pdf"), "drawn over").unwrap();
    let other = project.hspipe(&["run", "hard_counts", "--set", "learning_rate=0.4"]);
    assert_eq!(other.code, Some(0), "{}", other.err);
    assert_eq!(all(), ["mine.svg", "stragglers.pdf"]);
    for line in [
        "Figures: removed, since no finished task of these parameters draws them: Tiny/stragglers\n",
        "Figures: out of date, but changed by hand, so left: Tiny/stragglers.pdf\n",
        "Results/report.html is of other parameters or of earlier results; `hspipe report tiny_figure` writes",
    ] {
        assert!(other.err.contains(line), "{line}: {}", other.err);
    }
    let none = project.hspipe(&["report", "tiny_figure", "--set", "learning_rate=0.4", "-o", "other.html"]);
    assert!(
        !fs::read_to_string(project.path("other.html")).unwrap().contains("id=\"figures\""),
        "{}",
        none.err
    );

    // It comes back from the cache, beside what somebody drew.
    let back = project.hspipe(&["run", "tiny_figure", "hard_counts"]);
    assert!(back.err.contains("nothing to do"), "{}", back.err);
    assert!(back.err.contains("so kept beside the new ones: Tiny/stragglers.edited.pdf"), "{}", back.err);
    assert!(!back.err.contains("report.html"), "{}", back.err);
    assert_eq!(fs::read(project.path("Figures/Tiny/stragglers.edited.pdf")).unwrap(), b"drawn over");
    let now = project.contents();
    for name in &figures {
        assert_eq!(now[&format!("Figures/Tiny/{name}")], written[&format!("Figures/Tiny/{name}")]);
    }
}

#[test]
fn classes_stand_beside_their_names() {
    let project = Project::new();
    write_folders(&project);
    project.run(&["hard_counts", "fit", "--set", "datasets=[./digits, ./tiny]"]);
    let mut names = NAMES;
    names.sort_unstable();
    for (table, column) in [
        ("hard_counts", "class"),
        ("inversions", "class"),
        ("hard_samples", "class"),
        ("hard_samples", "clean_class"),
        ("training_dynamics", "label"),
    ] {
        let of = |dataset: &str| -> Vec<String> {
            let sql = format!(
                "SELECT DISTINCT {column}, {column}_name FROM {table} WHERE dataset = '{dataset}' ORDER BY {column}"
            );
            let ran = project.hspipe(&["query", &sql, "--format", "csv"]);
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            ran.out.lines().skip(1).map(String::from).collect()
        };
        let (folders, numbers) = (of("./digits"), of("./tiny"));
        assert!(folders.len() > 3 && numbers.len() > 3, "{table}");
        for row in &folders {
            let (class, name) = row.split_once(',').unwrap();
            assert_eq!(names[class.parse::<usize>().unwrap()], name, "{table}");
        }
        for row in &numbers {
            let (class, name) = row.split_once(',').unwrap();
            assert_eq!(class, name, "{table}");
        }
    }
}
