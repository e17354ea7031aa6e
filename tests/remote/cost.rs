//! How many requests it takes: the figures of docs/remote-cache.md.

use std::collections::BTreeMap;
use std::fs;

use crate::place::{Machine, line};
use crate::servers::Server;

/// The requests that a server has logged, by kind, since the last time.
fn requests(server: &Server, seen: &mut usize) -> BTreeMap<&'static str, usize> {
    let log = server.log();
    let mut counts = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains(" HTTP/1.1")).skip(*seen) {
        *seen += 1;
        let kind = match () {
            () if line.contains("list-type=2") => "LIST",
            () if line.contains("GET /bucket/") => "GET",
            () if line.contains("PUT /bucket/") => "PUT",
            () => "other",
        };
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

/// 1,000 tasks are pushed, planned on another machine, and one figure of them is made there.
#[test]
#[ignore = "wants servers, see main.rs"]
fn requests_for_a_thousand_tasks() {
    let server = Server::moto();
    let place = Server::s3(server.port, "testing");
    let first = Machine::new(&place);
    let many =
        ["tiny_figure", "--set", "runs=332", "--set", "strategies=[stragglers]", "--set", "epochs=300"];
    first.run(&[&many[..], &["--remote", "none"]].concat());
    let tasks = fs::read_dir(first.project.path("cache/records")).unwrap().flatten();
    let tasks: usize = tasks.map(|folder| fs::read_dir(folder.path()).unwrap().count()).sum();
    let mut seen = 0;
    requests(&server, &mut seen);
    let pushed = first.hspipe(&["cache", "push"]);
    let push = requests(&server, &mut seen);
    let second = Machine::new(&place);
    let status = second.hspipe(&[&["status"], &many[..]].concat());
    let plan = requests(&server, &mut seen);
    let said = second.run(&many);
    let run = requests(&server, &mut seen);
    let told = format!("{tasks} tasks\npush {push:?}: {}plan {plan:?}\nrun {run:?}: {said}", pushed.out);
    assert!(tasks > 900, "{told}{}", status.out);
    line(&said, "tasks from s3://");
    let all = |counts: &BTreeMap<_, usize>| counts.values().sum::<usize>();
    assert!(all(&push) <= 12 && all(&plan) <= 3 && all(&run) <= 20, "{told}");
}
