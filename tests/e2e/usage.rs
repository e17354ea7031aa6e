//! Words of the command line: what is answered, and with which exit code.

use crate::REPOSITORY;
use crate::project::Project;

#[test]
fn mistakes_exit_with_2_and_say_where() {
    let project = Project::new();
    let refused = |words: &[&str], message: &str| {
        let ran = project.hspipe(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{words:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    };
    refused(&["run", "figure9"], "error: figure9: there is no target and no stage `figure9`");
    refused(&["run", "hard_count"], "hint: did you mean `hard_counts`?");
    refused(&["run", "overlap", "--set", "epoch=3"], "hint: did you mean `epochs`?");
    refused(
        &["run", "overlap", "--set", "epochs=0"],
        "--set epochs=0: parameter `epochs` of op `search`: must be from 1",
    );
    refused(
        &["run", "overlap", "--set", "noise_ratio=[0, 1]"],
        "--set noise_ratio=[0, 1]: parameter `noise_ratio`",
    );
    refused(
        &["run", "overlap", "--set", "snapshot=first"],
        "there is no `first` (there are: inversion, last)",
    );
    refused(&["run", "overlap", "--profile", "quik"], "hint: did you mean `quick`?");
    refused(&["run", "overlap", "--set", "datasets=[./none]"], "none");
    refused(&["run"], "TARGET");
    refused(&["run", "overlap", "--force", "idntify"], "hint: did you mean `identify`?");
    refused(&["check", "figure8x"], "hint: did you mean `figure8a`?");
    let both = "error: init writes new/pipeline.yaml, and --pipeline names a file to be read";
    refused(&["init", "new", "--pipeline", "other.yaml"], both);
    assert!(!project.path("new").exists());
    let pipeline = std::fs::read_to_string(project.path("pipeline.yaml")).unwrap();
    let line = pipeline.lines().position(|line| line.contains("{counts: identify.counts}")).unwrap() + 1;
    std::fs::write(project.path("broken.yaml"), pipeline.replace("identify.counts", "identify.count"))
        .unwrap();
    refused(&["status", "--pipeline", "broken.yaml"], &format!("broken.yaml:{line}:"));
}

/// As after `pip install`: there is a program, and no file of its own.
#[test]
fn a_folder_without_a_pipeline_has_hspipes_own() {
    let project = Project::new();
    let own = std::fs::read_to_string(std::path::Path::new(REPOSITORY).join("pipeline.yaml")).unwrap();
    std::fs::remove_file(project.path("pipeline.yaml")).unwrap();
    let said =
        "note: there is no pipeline.yaml here or in a folder above, so this is hspipe's own pipeline, ";
    let list = project.hspipe(&["list"]);
    assert!(list.code == Some(0) && list.err.starts_with(said), "{list:?}");
    assert!(list.out.contains("figure8") && list.out.contains("hspipe's own pipeline:"), "{}", list.out);
    let words = ["run", "subset", "--set", "datasets=./tiny", "--set", "subset_size=all"];
    let ran = project.hspipe(&[&words[..], &["--log-format", "json"]].concat());
    let note = format!("{{\"event\":\"note\",\"text\":\"{said}");
    assert!(ran.code == Some(0) && ran.err.starts_with(&note), "{ran:?}");
    assert_eq!(project.hspipe(&["list", "--quiet"]).err, "");
    assert!(!project.path("pipeline.yaml").exists(), "nothing is written that nobody asked for");

    // To change it one asks for the file; what was computed serves on.
    let both = project.hspipe(&["init", "--paper", "--data", "./tiny"]);
    assert_eq!(both.code, Some(2), "{both:?}");
    let init = project.hspipe(&["init", "--paper"]);
    assert!(init.code == Some(0) && init.err.contains("  hspipe run figure8"), "{init:?}");
    assert_eq!(std::fs::read_to_string(project.path("pipeline.yaml")).unwrap(), own);
    let again = project.hspipe(&words);
    assert!(again.code == Some(0) && again.err.starts_with("nothing to do"), "{again:?}");
}

#[test]
fn a_file_of_other_numbers_is_not_taken_for_c_scores() {
    let project = Project::new();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n";
    let file =
        [b"\x93NUMPY\x01\x00", &[header.len() as u8, 0][..], header.as_bytes(), &[0, 0, 128, 63]].concat();
    std::fs::write(project.path("other.npy"), file).unwrap();
    for (file, why) in
        [("other.npy", "its numbers are 1, and must be 60000"), ("none.npy", "it cannot be read")]
    {
        let ran = project.hspipe(&["check", "--c-scores", file]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        let what = format!("error: {file} does not hold the published C-scores of MNIST\n  why: {why}");
        assert!(ran.err.starts_with(&what), "{}", ran.err);
    }
}

#[test]
fn what_is_asked_for_goes_to_stdout() {
    let project = Project::new();
    let list = project.hspipe(&["list"]);
    assert!(list.out.contains("figure8") && list.out.contains("learning_rate"), "{}", list.out);
    let dot = project.hspipe(&["graph", "tiny_figure", "--format", "dot"]);
    assert!(
        dot.out.starts_with("digraph") && dot.out.contains("\"hard_counts\" -> \"tiny_figure\""),
        "{}",
        dot.out
    );
    assert!(!dot.out.contains("fit"), "stragglers need no fit: {}", dot.out);
    let dry = project.hspipe(&["run", "tiny_figure", "--dry-run"]);
    assert!(dry.out.contains("search"), "{}", dry.out);
    assert!(!project.path("Results").exists(), "a dry run writes nothing");
    let data = project.hspipe(&["data", "list"]);
    assert!(data.out.contains("KMNIST") && data.out.contains("absent"), "{}", data.out);
}

/// docs/parameters.md against what `hspipe list` shows of the repository's pipeline.
#[test]
fn every_parameter_is_documented_with_its_default() {
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(repository.join("docs/parameters.md")).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut documented: Vec<(String, String)> = rows
        .map(|(name, rest)| (name.to_string(), rest.split(" | ").next().unwrap_or_default().to_string()))
        .collect();
    documented.sort();
    let project = Project::new();
    std::fs::copy(repository.join("pipeline.yaml"), project.path("pipeline.yaml")).unwrap();
    let list = project.hspipe(&["list"]).out;
    let table = list.split("\n\n").find(|table| table.starts_with("parameter ")).unwrap();
    let mut listed: Vec<(String, String)> = table
        .lines()
        .skip(1)
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            (name.to_string(), rest.rsplit_once("  ").unwrap().0.trim().to_string())
        })
        .collect();
    listed.sort();
    assert_eq!(documented, listed);
}
