//! From a user's own data to its hard samples: init, run hard, export.

use std::fs;

use crate::own_data::write_folders;
use crate::project::Project;

/// Header and rows of what `export` prints.
fn csv(project: &Project, what: &str, words: &[&str]) -> (Vec<String>, Vec<Vec<String>>) {
    let ran = project.hspipe(&[&["export", what], words].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut reader = csv::Reader::from_reader(ran.out.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_string).collect::<Vec<String>>();
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|record| cells(&record.unwrap())).collect())
}

fn column(table: &(Vec<String>, Vec<Vec<String>>), name: &str) -> Vec<String> {
    let place = table.0.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
    table.1.iter().map(|row| row[place].clone()).collect()
}

#[test]
fn three_commands_lead_from_data_to_its_hard_samples() {
    let project = Project::new();
    let init = ["init", "mine", "--data", "tiny"];
    let ran = project.hspipe(&init);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "mine/pipeline.yaml\n"), "{}", ran.err);
    assert!(
        ran.err.contains("10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; 500 train, 100 test; 28x28 grey")
            && ran.err.contains("hspipe run hard"),
        "{}",
        ran.err
    );
    let pipeline = fs::read_to_string(project.path("mine/pipeline.yaml")).unwrap();
    assert!(pipeline.contains("datasets: [\"../tiny\"]"));
    let again = project.hspipe(&init);
    assert_eq!(again.code, Some(1));
    assert!(
        again.err.contains("there is a mine/pipeline.yaml already") && again.err.contains("hint: "),
        "{}",
        again.err
    );
    assert_eq!(fs::read_to_string(project.path("mine/pipeline.yaml")).unwrap(), pipeline);

    let mine = ["--pipeline", "mine/pipeline.yaml", "--set", "runs=2"];
    let early = project.hspipe(&[&["export", "hard-samples"], &mine[..]].concat());
    assert_eq!((early.code, early.out.as_str()), (Some(1), ""));
    assert!(early.err.contains("hint: hspipe run hard"), "{}", early.err);

    let ran = project.hspipe(&[&["run", "hard"], &mine[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("more rows in mine/Results/hardest.parquet"), "{}", ran.out);
    assert!(ran.out.lines().count() < 40, "{}", ran.out);
    for file in ["Figures/Hard/hardest_tiny.png", "Figures/Hard/hardest_tiny.pdf", "Results/hardest.parquet"]
    {
        assert!(project.path("mine").join(file).exists(), "{file}");
    }
    let said = ran.err.lines().filter(|line| line.contains("probably wrong") || line.contains("ambiguous"));
    assert_eq!(said.count(), 2, "{}", ran.err);
    assert!(project.run(&[&["hard"], &mine[..]].concat()).contains("nothing to do"));

    let ranking = csv(&project, "hard-samples", &mine);
    assert_eq!(ranking.0[..5], ["rank", "position", "sample_id", "class", "class_name"]);
    let ranks: Vec<usize> = column(&ranking, "rank").iter().map(|rank| rank.parse().unwrap()).collect();
    assert!(ranks.len() > 20 && ranks.iter().copied().eq(1..=ranks.len()));
    let hardness: Vec<f64> =
        column(&ranking, "hardness").iter().map(|share| share.parse().unwrap()).collect();
    assert!(hardness.iter().all(|hardness| (0.0..=1.0).contains(hardness)));
    let (issues, suggested) = (column(&ranking, "label_issue"), column(&ranking, "suggested"));
    let classes = column(&ranking, "class");
    assert!(issues.iter().any(|issue| issue == "true"));
    for row in (0..issues.len()).filter(|row| issues[*row] == "true") {
        assert_ne!(suggested[row], classes[row]);
    }
    assert!(column(&ranking, "source").iter().all(String::is_empty), "IDX files hold many samples");

    let output = |words: &[&str]| {
        let ran = project.hspipe(&[&["export", "hard-samples"], &mine[..], words].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    let ids = output(&["--format", "indices", "--top", "7"]);
    assert_eq!(ids.lines().collect::<Vec<_>>(), column(&ranking, "sample_id")[..7]);
    let objects: serde_json::Value =
        serde_json::from_str(&output(&["--format", "json", "--top", "3"])).unwrap();
    assert_eq!(objects.as_array().unwrap().len(), 3);
    assert_eq!(objects[0]["sample_id"].to_string(), column(&ranking, "sample_id")[0]);
    assert!(objects[0]["source"].is_null());
    assert_eq!(output(&["--output", "hard.csv"]), "");
    assert_eq!(fs::read_to_string(project.path("hard.csv")).unwrap(), output(&[]));
    output(&["-o", "hard.txt", "--top", "7"]);
    assert_eq!(fs::read_to_string(project.path("hard.txt")).unwrap(), ids);
    output(&["-o", "hard.parquet"]);
    assert!(fs::read(project.path("hard.parquet")).unwrap().starts_with(b"PAR1"));
    let sheet = project.hspipe(&[&["export", "hard-samples"], &mine[..], &["-o", "hard.xlsx"]].concat());
    assert_eq!(sheet.code, Some(2), "{}", sheet.err);
    assert!(sheet.err.contains("name it .csv") && !project.path("hard.xlsx").exists(), "{}", sheet.err);

    let aum = csv(&project, "hard-samples", &[&mine[..], &["--strategy", "aum"]].concat());
    let shares: Vec<f64> = column(&aum, "aum").iter().map(|share| share.parse().unwrap()).collect();
    assert!(shares.len() < ranks.len() && shares.windows(2).all(|two| two[0] >= two[1]));
    assert!(shares.iter().all(|share| *share > 0.0));
    assert_eq!(column(&aum, "rank")[0], "1");

    let one = [&["hard"], &mine[..], &["--set", "strategies=[stragglers]"]].concat();
    project.run(&one);
    let none = ["--set", "strategies=[stragglers]", "--strategy", "aum"];
    let ran = project.hspipe(&[&["export", "hard-samples"], &mine[..], &none].concat());
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`strategies` says which there are"), "{}", ran.err);
}

#[test]
fn samples_of_class_folders_have_the_names_of_their_files() {
    let project = Project::new();
    write_folders(&project);
    let both = ["--set", "datasets=[./digits, ./tiny]"];
    project.run(&[&["hard"], &both[..]].concat());
    let ranking = csv(&project, "hard-samples", &both);
    assert_eq!(ranking.0[..2], ["dataset", "rank"]);
    let (datasets, sources) = (column(&ranking, "dataset"), column(&ranking, "source"));
    let names = column(&ranking, "class_name");
    for ((dataset, source), name) in datasets.iter().zip(&sources).zip(&names) {
        let is_file = project.path("digits").join(source).is_file() && source.contains(&format!("/{name}/"));
        assert!(if dataset == "./digits" { is_file } else { source.is_empty() }, "{dataset} {source} {name}");
    }

    let export = |words: &[&str]| project.hspipe(&[&["export", "hard-samples"], &both[..], words].concat());
    let refused = export(&["--format", "indices"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("hint: choose one, such as --dataset ./digits"), "{}", refused.err);
    let files = export(&["--format", "indices", "--dataset", "./digits", "--top", "5"]);
    assert_eq!(files.out.lines().collect::<Vec<_>>(), sources[..5], "{}", files.err);
    let unknown = export(&["--dataset", "./digit"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("./digits"), "{}", unknown.err);
}

/// The columns that other programs know, and that they say what the table `issues` says.
#[test]
fn issues_have_the_columns_that_other_programs_know() {
    let project = Project::new();
    write_folders(&project);
    let folders = ["--set", "datasets=[./digits]"];
    let early = project.hspipe(&[&["export", "issues"], &folders[..]].concat());
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("no labels have been judged") && early.err.contains("hint: hspipe run hard"));
    project.run(&[&["hard"], &folders[..]].concat());
    let all = csv(&project, "issues", &folders);
    let of = |name: &str| column(&all, name);
    let number = |name: &str| of(name).iter().map(|cell| cell.parse().unwrap()).collect::<Vec<f64>>();

    assert!((1..=all.1.len()).map(|rank| rank.to_string()).eq(of("rank")));
    assert_eq!(all.1.len(), 400, "hard or not, all of the subset");
    let scores = number("label_score");
    assert!(scores.windows(2).all(|two| two[0] <= two[1]), "the lower, the worse");
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    let pairs = number("given_probability").into_iter().zip(number("predicted_probability"));
    assert!(pairs.into_iter().all(|(given, predicted)| given <= predicted && predicted <= 1.0));
    let digits = fs::canonicalize(project.path("digits")).unwrap();
    for ((file, source), label) in of("filepath").iter().zip(of("source")).zip(of("given_label")) {
        assert_eq!(std::path::Path::new(file), digits.join(&source));
        assert!(fs::exists(file).unwrap() && source.contains(&format!("/{label}/")));
    }

    let only = csv(&project, "issues", &[&folders[..], &["--only-label-issues"]].concat());
    assert!(!only.1.is_empty() && only.1.len() < all.1.len());
    let wrong = all.1.iter().zip(of("is_label_issue")).filter(|(_, is_issue)| is_issue == "true");
    assert!(wrong.map(|(row, _)| row).eq(&only.1));
    assert!(column(&only, "given_label").iter().zip(column(&only, "predicted_label")).all(|(a, b)| *a != b));
    let words = ["export", "issues", "--only-label-issues", "--top", "2", "--format", "indices"];
    let list = project.hspipe(&[&words[..], &folders].concat()).out;
    assert_eq!(list.lines().collect::<Vec<_>>(), column(&only, "source")[..2]);

    // By a score that is high where labels are bad, the place in its order stands for it.
    let by_loss = [&folders[..], &["--set", "rank_by=loss"]].concat();
    project.run(&[&["issues"], &by_loss[..]].concat());
    let shares = csv(&project, "issues", &by_loss);
    let n = shares.1.len() as f64;
    let shares = column(&shares, "label_score").into_iter().map(|cell| cell.parse::<f64>().unwrap());
    assert!(shares.zip(1..).all(|(share, rank)| share == f64::from(rank) / n));
}

#[test]
fn init_refuses_what_it_cannot_read_and_what_would_lie_among_the_samples() {
    let project = Project::new();
    write_folders(&project);
    let refused = |words: &[&str], parts: &[&str]| {
        let ran = project.hspipe(&[&["init"], words].concat());
        assert!(matches!(ran.code, Some(1 | 2)) && !ran.err.contains("panicked"), "{}", ran.err);
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{parts:?}: {}", ran.err);
    };
    refused(&["mine", "--data", "none"], &["there is no file or folder none"]);
    refused(&["digits/mine", "--data", "digits"], &["would lie inside the data", "hint: "]);
    refused(&[], &["there is a ./pipeline.yaml already"]);
    assert!(!project.path("mine").exists() && !project.path("digits/mine").exists());

    let ran = project.hspipe(&["init", "later"]);
    assert!(ran.err.contains("write the path of your data into it"), "{}", ran.err);
    let ran = project.hspipe(&["run", "hard", "--pipeline", "later/pipeline.yaml"]);
    assert!(ran.code == Some(2) && ran.err.contains("my-images"), "{}", ran.err);
    let ran = project.hspipe(&["init", "known", "--data", "MNIST"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        fs::read_to_string(project.path("known/pipeline.yaml")).unwrap().contains("datasets: [\"MNIST\"]")
    );
}
