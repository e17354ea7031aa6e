//! Where things are written: what `-o` names, odd names in lists, links and folders that are not there.

use std::fs;

use crate::project::{Project, Ran};

const EXPORT: &[&str] = &["export", "hard-samples"];

/// A project whose ranking is computed.
fn ranked() -> Project {
    let project = Project::new();
    project.run(&["hard"]);
    project
}

#[cfg(unix)]
#[test]
fn output_replaces_files_only() {
    use std::process::Command;

    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    let project = ranked();
    let put = |words: &[&str]| project.hspipe(&[EXPORT, words].concat());
    let good = |ran: Ran| assert_eq!(ran.code, Some(0), "{}", ran.err);
    let csv = put(&[]).out;
    assert!(csv.starts_with("rank,"), "{csv}");
    assert_eq!(put(&["-o", "-"]).out, csv);
    // By links, so that a mistake would replace these and no device.
    symlink("/dev/null", project.path("null")).unwrap();
    symlink("/dev/full", project.path("full")).unwrap();
    good(put(&["-o", "null"]));
    assert!(fs::metadata(project.path("null")).unwrap().file_type().is_char_device());
    let full = put(&["-o", "full"]);
    assert_eq!(full.code, Some(1));
    assert!(full.err.contains("why: no space is left on that disk\n  hint: "), "{}", full.err);

    let pipe = project.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    good(put(&["-o", "pipe"]));
    assert!(fs::metadata(project.path("pipe")).unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap(), csv);

    let mode = |name: &str| fs::metadata(project.path(name)).unwrap().mode() & 0o777;
    fs::write(project.path("plain"), "").unwrap();
    good(put(&["-o", "hard.csv"]));
    for file in ["hard.csv", "Results/hardest.parquet", "Results/params.yaml"] {
        assert_eq!(mode(file), mode("plain"), "{file}");
    }
    fs::set_permissions(project.path("hard.csv"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("hard.csv", project.path("link.csv")).unwrap();
    good(put(&["-o", "link.csv", "--top", "1"]));
    assert!(project.path("link.csv").is_symlink());
    assert_eq!(
        (mode("hard.csv"), fs::read_to_string(project.path("hard.csv")).unwrap().lines().count()),
        (0o600, 2)
    );
}

#[test]
fn what_is_read_is_not_written_over() {
    let project = ranked();
    let pipeline = fs::read(project.path("pipeline.yaml")).unwrap();
    let table = fs::read(project.path("Results/hardest.parquet")).unwrap();
    for words in [
        &["report", "-o", "pipeline.yaml"][..],
        &["export", "hard-samples", "--format", "csv", "-o", "./pipeline.yaml"],
        &["query", "SELECT rank FROM hardest", "-o", "Results/hardest.parquet"],
    ] {
        let ran = project.hspipe(words);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains("would be written over, and hspipe reads it"), "{}", ran.err);
    }
    assert_eq!(fs::read(project.path("pipeline.yaml")).unwrap(), pipeline);
    assert_eq!(fs::read(project.path("Results/hardest.parquet")).unwrap(), table);
}

#[test]
fn results_and_cache_may_lie_elsewhere() {
    let project = Project::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_string();
    let (cache, output) = (at("cache"), at("out"));
    let words = ["--cache-dir", cache.as_str(), "--output-dir", output.as_str()];
    let before = fs::read_dir(project.path(".")).unwrap().count();
    project.run(&[&["tiny_figure"], &words[..]].concat());
    assert_eq!(fs::read_dir(project.path(".")).unwrap().count(), before, "nothing is written in the project");
    assert!(elsewhere.path().join("out/Figures/Tiny/stragglers.png").exists());
    let asked = project.hspipe(&[&["query", "SELECT count(*) FROM hard_counts"], &words[..]].concat());
    assert_eq!(asked.code, Some(0), "{}", asked.err);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_disk_that_is_gone_is_said() {
    let project = Project::new();
    std::os::unix::fs::symlink("/gone/cache", project.path("cache")).unwrap();
    let ran = project.hspipe(&["run", "hard"]);
    assert_eq!(ran.code, Some(1));
    let what = "cache is a link to /gone/cache, which is not there (is the disk mounted?)";
    assert!(ran.err.contains(what) && ran.err.contains("--cache-dir"), "{}", ran.err);
    fs::remove_file(project.path("cache")).unwrap();
    fs::write(project.path("cache"), "").unwrap();
    let ran = project.hspipe(&["run", "hard"]);
    assert!(ran.err.contains("a file is where a folder should be\n  hint: "), "{}", ran.err);
    assert!(!ran.err.contains("os error"), "{}", ran.err);
}

#[cfg(target_os = "linux")]
#[test]
fn names_with_line_breaks_and_escapes_stay_in_their_line() {
    let project = Project::new();
    crate::own_data::write_folders(&project);
    for set in ["train", "test"] {
        for class in fs::read_dir(project.path(&format!("digits/{set}"))).unwrap() {
            for image in fs::read_dir(class.unwrap().path()).unwrap() {
                let image = image.unwrap().path();
                fs::rename(&image, image.with_extension("\u{1b}[2J\n.png")).unwrap();
            }
        }
    }
    let digits = ["--set", "datasets=./digits"];
    let ran = project.hspipe(&[&["run", "hard"], &digits[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains(r"\u{1b}[2J\n.png") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    let list = project.hspipe(&[EXPORT, &["--format", "indices"], &digits].concat());
    assert_eq!(list.code, Some(1), "{}", list.out);
    assert!(list.err.contains("has a line break") && list.err.contains("hint: -0"), "{}", list.err);
    let list = project.hspipe(&[EXPORT, &["-0", "--top", "2"], &digits].concat()).out;
    assert_eq!((list.matches("\u{1b}[2J\n.png\0").count(), list.matches('\0').count()), (2, 2), "{list:?}");
    let csv = project.hspipe(&[EXPORT, &["--top", "1"], &digits].concat()).out;
    assert!(csv.contains("\u{1b}[2J\n.png\""), "a quoted cell: {csv:?}");
}
