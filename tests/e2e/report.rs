//! The report of a run: what is in the page, that it needs nothing beside it, and that it is the same every time.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::project::Project;

/// What stands between `start` and `end`, each time.
fn all<'a>(page: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    page.split(start).skip(1).filter_map(|part| Some(part.split_once(end)?.0)).collect()
}

/// The part of a page under a heading.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    page.split_once(&format!("<section id=\"{id}\""))
        .unwrap_or_else(|| panic!("there is no {id}"))
        .1
        .split("</section>")
        .next()
        .unwrap_or_default()
}

/// Colour type, width and height of a picture, which must decode.
fn decoded(base64: &str) -> (png::ColorType, u32, u32) {
    let bytes = STANDARD.decode(base64).unwrap();
    let mut reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.color_type, info.width, info.height)
}

#[test]
fn a_run_becomes_one_page_that_needs_nothing_beside_it() {
    let project = Project::new();
    project.run(&["tiny_figure", "overlap", "ranking", "correlation"]);
    let ran = project.hspipe(&["report"]);
    assert_eq!((ran.code, ran.out.trim()), (Some(0), "./Results/report.html"), "{}", ran.err);
    let page = fs::read_to_string(project.path("Results/report.html")).unwrap();

    let sections = all(&page, "<section id=\"", "\"");
    assert_eq!(sections, ["run", "hardest", "overlap", "figures", "tables", "stages", "time"]);
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
    assert!(all(&page, "src=\"", "\"").iter().all(|src| src.starts_with("data:")));
    let ids = all(&page, " id=\"", "\"");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id stands twice");
    for link in all(&page, "href=\"#", "\"") {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }

    // Twelve grey samples of each class at most, three times as large as they are.
    let (issues, hardest) = section(&page, "hardest").split_once("<h3>Of each class</h3>").unwrap();
    let pictures = all(hardest, "data:image/png;base64,", "\"");
    assert!(pictures.len() > 60 && pictures.len() <= 120, "{} pictures", pictures.len());
    for picture in &pictures {
        assert_eq!(decoded(picture), (png::ColorType::Grayscale, 84, 84));
    }
    assert_eq!(all(hardest, "<figure class=\"sample\">", "</figure>").len(), pictures.len());
    assert_eq!(all(hardest, "alt=\"Sample ", "\"").len(), pictures.len());
    assert!(hardest.contains("stragglers 2 sets, confidence 2 sets, energy 2 sets"));

    // Before them the labels that are probably wrong, with what a run says of them at its end.
    assert!(
        issues.contains("labels are probably wrong, ") && issues.contains("400 samples were judged"),
        "{issues}"
    );
    let most_suspect = project.hspipe(&[
        "query",
        "SELECT sample_id FROM issues WHERE label_issue ORDER BY rank LIMIT 24",
        "--format",
        "csv",
    ]);
    let shown = all(issues, "alt=\"Label issue ", " of tiny");
    assert!(shown.len() > 2 && shown.iter().copied().eq(most_suspect.out.lines().skip(1)), "{shown:?}");

    let overlap = section(&page, "overlap");
    assert!(["stragglers", "confidence", "energy"].iter().all(|name| overlap.contains(name)), "{overlap}");
    let figures = section(&page, "figures");
    assert_eq!(
        all(figures, "<svg role=\"img\" aria-label=\"tiny_figure[dataset=./tiny]: bar chart", ">").len(),
        1
    );
    assert!(figures.contains("Numbers: hard_counts.stats") && !figures.contains("xmlns"));
    assert!(section(&page, "stages").contains("hard_counts"));

    // From the cache alone: the same bytes again, wherever they are written.
    let again = project.hspipe(&["report", "--output", "elsewhere/page.html", "--quiet"]);
    assert_eq!((again.out.trim(), again.err.as_str()), ("elsewhere/page.html", ""));
    assert_eq!(fs::read_to_string(project.path("elsewhere/page.html")).unwrap(), page);
}

#[test]
fn the_hardest_samples_are_those_of_the_results() {
    let project = Project::new();
    project.run(&["tiny_figure", "--set", "strategies=[stragglers]", "--set", "runs=3"]);
    let report = || {
        let words = ["report", "tiny_figure", "--set", "strategies=[stragglers]", "--set", "runs=3"];
        assert_eq!(project.hspipe(&words).code, Some(0));
        fs::read_to_string(project.path("Results/report.html")).unwrap()
    };
    let page = report();
    // What was asked for, and with what.
    let again = "hspipe run tiny_figure --set runs=3 --set 'strategies=[stragglers]'";
    assert!(section(&page, "run").contains(again), "{}", section(&page, "run"));
    assert!(!page.contains("<section id=\"overlap\""), "one strategy overlaps with none");

    // Its sets are there, and nobody has ranked them.
    assert!(section(&page, "hardest").contains("hspipe run ranking"));

    // In the order of the ranking, twelve of each class.
    project.run(&["ranking", "--set", "strategies=[stragglers]", "--set", "runs=3"]);
    let ranked = project.hspipe(&[
        "query",
        "SELECT class, sample_id FROM hardest ORDER BY class, rank",
        "--format",
        "csv",
    ]);
    let rows: Vec<(&str, &str)> =
        ranked.out.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let of_class =
        |class: &[(&str, &str)]| class.iter().take(12).map(|(_, id)| id.to_string()).collect::<Vec<String>>();
    let expected: Vec<String> = rows.chunk_by(|a, b| a.0 == b.0).flat_map(of_class).collect();
    assert!(expected.len() > 20);
    assert_eq!(all(section(&report(), "hardest"), "alt=\"Sample ", " of tiny"), expected);
}

#[test]
fn where_nothing_is_computed_there_is_no_page() {
    let project = Project::new();
    let ran = project.hspipe(&["report", "figure8a"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("nothing of figure8a has been computed"), "{}", ran.err);
    assert!(ran.err.contains("hint: compute it first, as with: hspipe run figure8a"), "{}", ran.err);
    assert!(!project.path("Results").exists());
    assert_eq!(project.hspipe(&["report", "figure9"]).code, Some(2));
}

#[test]
fn a_damaged_table_is_named_and_the_next_run_makes_it_anew() {
    let project = Project::new();
    project.run(&["tiny_figure"]);
    let records = project.contents().into_iter().filter(|(name, _)| name.starts_with("cache/records"));
    let mut pictures = records.filter_map(|(_, bytes)| {
        let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (record["op"] == "plot_classes").then(|| record["outputs"][0]["digest"].as_str().unwrap().to_string())
    });
    let digest = pictures.next().unwrap();
    let file = project.path("cache/objects").join(&digest[..2]).join(&digest[2..]);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let ran = project.hspipe(&["report"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("tiny_figure[dataset=./tiny]: the table `figure` cannot be read"),
        "{}",
        ran.err
    );
    assert!(!project.path("Results/report.html").exists());
    project.run(&["tiny_figure"]);
    assert_eq!(project.hspipe(&["report"]).code, Some(0));
}
