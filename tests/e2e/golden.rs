//! The bytes of every op on the tiny dataset, against tests/e2e/golden.txt: no change of the code or of what it depends on
//! changes them under the same version. Networks that libtorch trains are left out, since their bits depend on the
//! machine.
//!
//! The file is written by HSPIPE_BLESS=1 cargo x test -p hspipe --test e2e golden, which refuses other bytes under an old
//! key: those need another version of the op first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;
use crate::recorded;

const TARGETS: &[&str] = &[
    "hard",
    "paper",
    "generalisation",
    "correlation",
    "cifar10",
    "stability",
    "benchmark",
    "prune",
    "influence",
    "tiny_figure",
    "recorded_samples",
];

/// A training that was recorded elsewhere, beside the stages of the pipeline.
const RECORDED: &str = "
stages:
  recorded:
    axes: [dataset]
    params: {recording: ./recording}

  recorded_samples:
    axes: [dataset]
    inputs: {labels: recorded.labels, classes: recorded.classes}
";

/// Few networks, and labels that noise changes.
const FEW: &[&str] = &[
    "noise_ratio=0.05",
    "radii_runs=2",
    "cifar10_runs=1",
    "remaining_ratios_easy=[0.5]",
    "remaining_ratios_hard=[0.5]",
    "noise_shares=[0.1]",
    "noise_kinds=[uniform, asymmetric, adjacent, nearest, zoom, shift, grain]",
    "draws=1",
    "judges=1",
    "kept_shares=[0.3, 1]",
    "prune_runs=2",
    "scores=[all]",
    "subset_ratios=[0.3, 0.8]",
    "subset_networks=4",
    "bag_networks=4",
    "bag_epochs=20",
    "influences=3",
];

const HEAD: &str = "\
# What each stage makes of the tiny dataset: see golden.rs, which writes this file. `key` and `digest` are the first digits
# of the blake3 hash over those of all tasks of the stage.
";

/// Of one table of a stage.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    op: String,
    key: String,
    digest: String,
}

/// By stage and table.
type Golden = BTreeMap<(String, String), Made>;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/golden.txt")
}

fn committed() -> Golden {
    let text = fs::read_to_string(file()).unwrap_or_default();
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|line| {
        let cells: Vec<String> = line.split_whitespace().map(String::from).collect();
        let [stage, table, op, key, digest] = <[String; 5]>::try_from(cells).unwrap();
        ((stage, table), Made { op, key, digest })
    })
    .collect()
}

fn write(golden: &Golden) {
    let row = |cells: [&str; 5]| {
        let [stage, table, op, key, digest] = cells;
        format!("{stage:<18} {table:<14} {op:<20} {key:<16} {digest}\n")
    };
    let rows =
        golden.iter().map(|((stage, table), made)| row([stage, table, &made.op, &made.key, &made.digest]));
    let head = row(["stage", "table", "op", "key", "digest"]);
    fs::write(file(), [HEAD.to_string(), head].into_iter().chain(rows).collect::<String>()).unwrap();
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What a run of everything makes.
fn made() -> Golden {
    let project = Project::new();
    let mut pipeline = fs::read_to_string(project.path("pipeline.yaml")).unwrap();
    for dataset in ["MNIST", "KMNIST", "FashionMNIST"] {
        pipeline = pipeline.replace(&format!("dataset={dataset}"), "dataset=./tiny");
    }
    pipeline = pipeline.replace("\nstages:\n", RECORDED);
    fs::write(project.path("pipeline.yaml"), pipeline).unwrap();
    recorded::record(&project.path("recording"));
    let few: Vec<&str> = FEW.iter().flat_map(|set| ["--set", set]).collect();
    project.run(&[TARGETS, &few].concat());
    // Each task again from its manifest alone, as another machine is given it.
    let again = project.hspipe(&[&["cache", "verify", "--recompute", "60000"], few.as_slice()].concat());
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    assert!(again.out.contains("tasks computed again: the same bytes"), "{}", again.out);

    let mut hashers: BTreeMap<(String, String), (String, [blake3::Hasher; 2])> = BTreeMap::new();
    let run = json(&project.path("cache/runs/000001.json"));
    for (task, key) in run["keys"].as_object().unwrap() {
        let key = key.as_str().unwrap();
        let record = json(&project.path(&format!("cache/records/{}/{}.json", &key[..2], &key[2..])));
        for output in record["outputs"].as_array().unwrap() {
            let stage = task.split('[').next().unwrap().to_string();
            let table = output["table"].as_str().unwrap().to_string();
            let op = record["op"].as_str().unwrap().to_string();
            let (_, [keys, digests]) =
                hashers.entry((stage, table)).or_insert_with(|| (op, Default::default()));
            keys.update(format!("{task} {key}\n").as_bytes());
            digests.update(format!("{task} {}\n", output["digest"].as_str().unwrap()).as_bytes());
        }
    }
    let short = |hasher: blake3::Hasher| hasher.finalize().to_hex()[..16].to_string();
    let made = |(op, [keys, digests]): (String, [blake3::Hasher; 2])| Made {
        op,
        key: short(keys),
        digest: short(digests),
    };
    hashers.into_iter().map(|(of, found)| (of, made(found))).collect()
}

/// The ops that there are, by their sources: one file each. A folder has what several share.
fn ops() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = paths.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap());
    let name = |source: String| {
        let (_, rest) = source.split_once("const NAME: &'static str = \"")?;
        Some(rest.split_once('"')?.0.to_string())
    };
    sources.filter_map(name).collect()
}

#[test]
fn golden_bytes_change_only_with_a_version() {
    let (old, now) = (committed(), made());
    let covered: BTreeSet<String> = now.values().map(|made| made.op.clone()).collect();
    assert_eq!(ops().difference(&covered).collect::<Vec<_>>(), [""; 0], "ops without a golden digest");

    let mut silent = Vec::new();
    for ((stage, table), made) in &now {
        let of = (stage.clone(), table.clone());
        if old.get(&of).is_some_and(|old| old.key == made.key && old.digest != made.digest) {
            silent.push(format!("  op {}: table {table} of stage {stage}", made.op));
        }
    }
    assert!(
        silent.is_empty(),
        "other bytes under the same key, so that a cache would serve the old ones:\n{}\nundo what changed them, or raise \
         the VERSION of these ops (of networks: nn::native::VERSION; of pictures: figures::VERSION) and bless the new \
         bytes: HSPIPE_BLESS=1 cargo x test -p hspipe --test e2e golden",
        silent.join("\n")
    );
    if std::env::var_os("HSPIPE_BLESS").is_some() {
        return write(&now);
    }
    let changed = old.keys().chain(now.keys()).filter(|of| old.get(*of) != now.get(*of));
    let changed: BTreeSet<String> = changed.map(|(stage, table)| format!("  {stage}.{table}")).collect();
    assert!(
        changed.is_empty(),
        "other keys, by a raised version, another parameter or other inputs:\n{}\nif that is meant, bless them: \
         HSPIPE_BLESS=1 cargo x test -p hspipe --test e2e golden",
        changed.into_iter().collect::<Vec<_>>().join("\n")
    );
}
