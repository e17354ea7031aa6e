//! Samples that are no pictures: a table of numbers goes the whole way, and each sample is shown by what stands out.

use std::fmt::Write as _;
use std::fs;

use crate::project::Project;

/// Three sorts of 60 with two features that tell them and one that does not, a few labels wrong, and a note on each.
fn table() -> String {
    let mut csv = String::from("sugar,acid,year,note,sort\n");
    for n in 0..180_u32 {
        let sort = n % 3;
        // From -0.5 to 0.5, not twice the same.
        let spread = |step: u32| f64::from(n * step % 181) / 180.0 - 0.5;
        let sugar = [1.0, 5.0, 9.0][sort as usize] + 2.0 * spread(37);
        let acid = [6.0, 3.0, 7.0][sort as usize] + 2.0 * spread(71);
        let label = if n % 29 == 7 { (sort + 1) % 3 } else { sort };
        let name = ["dry", "mild", "sweet"][label as usize];
        // Writing to a String cannot fail.
        let _ =
            writeln!(csv, "{sugar:.3},{acid:.3},{},\"bottle {n}, <b>open</b>\",{name}", 1990 + n * 7 % 23);
    }
    csv
}

/// The part of a report that shows the hardest samples.
fn hardest(project: &Project, set: &str) -> String {
    let report = ["report", "hard", "-o", "page.html", "--set", set];
    let ran = project.hspipe(&[&report, &SHARE[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let page = fs::read_to_string(project.path("page.html")).unwrap();
    let start = page.find("<section id=\"hardest\"").unwrap();
    page[start..start + page[start..].find("</section>").unwrap()].to_string()
}

/// All samples, of which a share is hard.
const SHARE: [&str; 8] = [
    "--set",
    "subset_size=all",
    "--set",
    "strategies=[aum, self_confidence]",
    "--set",
    "hard_share=0.1",
    "--set",
    "scores=[auto, -stragglers]",
];

#[test]
fn samples_are_shown_by_the_features_in_which_they_stand_out_or_by_their_texts() {
    let project = Project::new();
    fs::write(project.path("wines.csv"), table()).unwrap();
    let run = |set: &str| {
        let ran = project.hspipe(&[&["run", "hard", "--set", set], &SHARE[..]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    };
    let numbers = "datasets=[{path: ./wines.csv, label: sort, features: [sugar, acid, year]}]";
    run(numbers);
    assert!(project.path("Figures/Hard/hardest_wines.csv.svg").is_file());
    let page = hardest(&project, numbers);
    assert!(page.contains("<ul class=\"telling\"><li><span>") && !page.contains("<img"), "{page}");
    assert!(page.contains("<span>sugar</span>") && page.contains("standard deviations"));
    let texts = numbers.replace("features:", "text: note, features:");
    run(&texts);
    let page = hardest(&project, &texts);
    assert!(page.contains("<blockquote>bottle ") && !page.contains("<b>open"), "a text is no markup: {page}");
}
