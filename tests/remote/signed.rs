//! Signatures: whose word counts.

use std::fs;

use crate::place::{Folder, Machine, line};
use crate::project::Ran;

#[test]
fn only_the_word_of_those_who_are_trusted_counts() {
    let folder = Folder::new();
    let (stranger, friend) = (Machine::new(&folder.place), Machine::new(&folder.place));
    let keygen = |machine: &Machine| {
        let made = machine.hspipe(&["cache", "keygen", "key"]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        assert_eq!(machine.hspipe(&["cache", "keygen", "key"]).code, Some(1), "no key is written over");
        made.out.trim().to_string()
    };
    let (of_stranger, of_friend) = (keygen(&stranger), keygen(&friend));
    let signed = |machine: &Machine, words: &[&str]| {
        let mut command = machine.command(words);
        command.env("HSPIPE_SIGNING_KEY", "key");
        Ran::of(command)
    };
    let overlap = ["run", "overlap"];
    assert_eq!(signed(&stranger, &overlap).code, Some(0));
    assert_eq!(stranger.hspipe(&["run", "correlation"]).code, Some(0));

    let reader = Machine::new(&folder.place);
    let pipeline = fs::read_to_string(reader.project.path("pipeline.yaml")).unwrap();
    let trusts = |keys: &str| {
        let remote = format!("remote:\n  url: {}\n  trust: [{keys}]\n", folder.place.url);
        fs::write(reader.project.path("pipeline.yaml"), remote + &pipeline).unwrap();
    };
    trusts(&of_friend);
    let status = |target: &str| {
        let said = reader.hspipe(&["status", target]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let total: Vec<String> =
            said.out.lines().last().unwrap().split_whitespace().map(String::from).collect();
        (total[1] == total[2], said.err)
    };
    let (is_served, said) = status("overlap");
    assert!(!is_served && said.contains("2 of 2 indexes are signed by nobody who is trusted"), "{said}");
    trusts(&format!("{of_friend}, {}", of_stranger.to_uppercase()));
    assert!(status("overlap").0);
    let (is_served, said) = status("correlation");
    assert!(!is_served && said.contains("1 of 2 indexes"), "{said}");

    // A signature of another index is none.
    trusts(&of_friend);
    let signatures: Vec<_> =
        folder.files("index").into_iter().filter(|path| path.extension().unwrap() == "sig").collect();
    assert_eq!(signatures.len(), 1);
    let forged = signatures[0].to_str().unwrap().replace(&of_stranger, &of_friend);
    fs::copy(&signatures[0], forged).unwrap();
    assert!(!status("overlap").0);
    // The friend has computed it, too, and signs for that.
    assert_eq!(friend.hspipe(&["run", "overlap", "--remote", "none"]).code, Some(0));
    let mut push = friend.command(&["cache", "push"]);
    push.env("HSPIPE_SIGNING_KEY", "key").env("HSPIPE_TRUST", &of_friend);
    let pushed = Ran::of(push);
    assert_eq!(pushed.code, Some(0), "{}", pushed.err);
    assert!(!pushed.out.starts_with("0 tasks"), "{}", pushed.out);
    assert!(status("overlap").0);

    let wrong = Ran::of({
        let mut command = friend.command(&overlap);
        command.env("HSPIPE_TRUST", "nobody");
        command
    });
    assert_eq!(wrong.code, Some(2));
    line(&wrong.err, "HSPIPE_TRUST: `nobody` is no public key");
}
