//! Every shell command of the README and the book, run as it stands there.
//!
//! A block of ```sh is one script. In one of ```console each line after `$` is a command, and what is shown below it
//! says whether it fails. Blocks marked `long` fetch data or train for minutes: by hand, with a folder of datasets,
//! HSPIPE_DOCS=long HSPIPE_DATA=... cargo x test -p hspipe --test e2e docs
//! Those that call cargo or install hspipe, and those marked `gpu`, are run by nobody but readers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::HSPIPE;
use crate::own_data::write_folders;
use crate::project::Project;

/// A block of a page.
struct Block {
    script: String,
    fails: bool,
    is_long: bool,
    line: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let content: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.trim_start().starts_with("```"))
            .collect();
        let is_long = info.split_whitespace().any(|word| word == "long");
        let line = number + 1;
        match info.split_whitespace().next() {
            Some("sh") if !info.contains("gpu") => {
                blocks.push(Block { script: content.join("\n"), fails: false, is_long, line })
            }
            Some("console") => {
                let of_command = |lines: &[&str]| Block {
                    script: lines[0].trim_start_matches("$ ").to_string(),
                    fails: lines[1..].iter().any(|line| line.starts_with("error:")),
                    is_long,
                    line,
                };
                let starts: Vec<usize> =
                    (0..content.len()).filter(|at| content[*at].starts_with("$ ")).collect();
                let ends = starts.iter().skip(1).copied().chain([content.len()]);
                blocks.extend(starts.iter().zip(ends).map(|(start, end)| of_command(&content[*start..end])));
            }
            _ => {}
        }
    }
    blocks
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let book = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        book.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

/// A folder as the book has it: a project that is small, or the real one, and 600 digits, once more as images.
fn folder(long: bool) -> Project {
    let project = Project::new();
    write_folders(&project);
    fs::rename(project.path("digits"), project.path("my-images")).unwrap();
    fs::rename(project.path("tiny"), project.path("digits")).unwrap();
    let pipeline = match long {
        true => fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.yaml")).unwrap(),
        false => fs::read_to_string(project.path("pipeline.yaml")).unwrap().replace("./tiny", "./digits"),
    };
    fs::write(project.path("pipeline.yaml"), pipeline).unwrap();
    project
}

#[test]
fn commands_of_the_book_run_as_written() {
    let wants_long = std::env::var("HSPIPE_DOCS").is_ok_and(|what| what == "long");
    let path = format!(
        "{}:{}",
        Path::new(HSPIPE).parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let wanted = blocks(&text).into_iter().filter(|block| block.is_long == wants_long);
        let project = folder(wants_long);
        let is_readers = |script: &str| script.contains("cargo ") || script.contains("pip install hspipe");
        for Block { script, fails, line, .. } in wanted.filter(|block| !is_readers(&block.script)) {
            let mut command = Command::new("sh");
            command.args(["-e", "-c", &script]).current_dir(project.path(".")).env("PATH", &path);
            if !wants_long {
                command.env_remove("HSPIPE_DATA").env("ALL_PROXY", "http://127.0.0.1:9");
            }
            let ran = command.output().unwrap();
            let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(
                ran.status.success() != fails,
                "{}:{line}\n{script}\n{}{}",
                page.display(),
                said[0],
                said[1]
            );
            count += 1;
        }
    }
    assert!(count > 5, "only {count} blocks were found");
}
