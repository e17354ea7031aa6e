//! `executors.yaml` as people write it.
//!
//! In: its text. Out: executors, or the first mistake with its place and what was meant. Calls no engine.

use std::ops::RangeInclusive;
use std::time::Duration;

use hspipe_engine::away::Rules;
use hspipe_engine::spec::is_name;
use hspipe_engine::value::{kind, show};
use hspipe_engine::yaml::{self, Name, Node, NodeKind};
use hspipe_engine::{SpecError, names};

use super::{Executor, Kind, amounts, array, kubernetes, slurm};

const KINDS: &[&str] = &["array", "kubernetes", "slurm"];

/// What each kind of executor may say.
const COMMON: &[&str] =
    &["kind", "slots", "cpus", "memory", "pack", "time_limit", "ship", "retries", "poll", "lost_after"];

/// What sbatch is told anyway: another word for it would break what reads its answer or the logs.
const OURS: &[(&str, &str, &str)] = &[
    ("--array", "-a", "slots says how many run at once"),
    ("--output", "-o", "hspipe jobs log shows what a job printed"),
    ("--error", "-e", "hspipe jobs log shows what a job printed"),
    ("--job-name", "-J", "jobs are called by their run"),
    ("--wrap", "--wrap", "hspipe says what is executed"),
    ("--wait", "-W", "a run waits in its own way"),
    ("--clusters", "-M", "name the cluster by the variable SLURM_CLUSTERS"),
    ("--cpus-per-task", "-c", "write cpus: N"),
    ("--ntasks", "-n", "write cpus: N"),
    ("--nodes", "-N", "an element takes a part of one node: write cpus: N"),
];

/// Reads all executors of a file that is called `file`.
///
/// # Errors
/// Bad YAML, unknown words, wrong values: with line, column and a hint.
pub fn parse(text: &str, file: &str) -> Result<Vec<Executor>, SpecError> {
    parse_all(text).map_err(|error| error.in_file(file))
}

fn parse_all(text: &str) -> Result<Vec<Executor>, SpecError> {
    let root = yaml::parse(text)?;
    root.entries("a file of executors")?.iter().map(|(name, body)| executor(name, body)).collect()
}

fn executor(name: &Name, body: &Node) -> Result<Executor, SpecError> {
    if !is_name(&name.text) {
        return Err(SpecError::new(name.at, format!("`{}` is not a name", name.text))
            .hint("a name has only letters, digits, `_` and `-`".to_string()));
    }
    let entries = body.entries(&format!("`{}`", name.text))?;
    let Some((_, kind)) = entries.iter().find(|(key, _)| key.text == "kind") else {
        return Err(SpecError::new(name.at, format!("`{}` has no kind", name.text))
            .hint(format!("write kind: slurm; there are: {}", KINDS.join(", "))));
    };
    let kind = kind.text("`kind`")?;
    let mut reader = Reader { name: &name.text, entries, known: COMMON.to_vec() };
    let rules = rules(&mut reader)?;
    let (cpus, memory) = (rules.threads, reader.amount("memory", amounts::mebibytes, 4096)?);
    let kind = match kind.text.as_str() {
        "slurm" => {
            let options = reader.get("options").map_or(Ok(Vec::new()), options)?;
            Kind::Slurm(slurm::Site { slots: rules.slots, cpus, memory, options })
        }
        "array" => Kind::Array(array::Site {
            slots: rules.slots,
            cpus,
            memory,
            submit: reader.template("submit", array::OF_SUBMIT, "script")?,
            poll: reader.template("poll", array::OF_QUESTIONS, "ids")?,
            cancel: reader.template("cancel", array::OF_QUESTIONS, "ids")?,
            index: reader.variable("index")?,
            first: reader.whole("first", 0..=1, 1)?,
            longest: reader.whole("longest", 1..=1_000_000, 1000)?,
        }),
        "kubernetes" => Kind::Kubernetes(kubernetes::Site {
            slots: rules.slots,
            cpus,
            memory,
            image: reader.required_text("image")?,
            claim: reader.required_text("claim")?,
            mount: reader.required_text("mount")?,
            program: reader.text("program")?,
            namespace: reader.text("namespace")?,
        }),
        other => {
            return Err(SpecError::new(kind.at, format!("there is no kind `{other}`"))
                .hint(names::hint(other, KINDS.iter().copied())));
        }
    };
    reader.refuse_unknown()?;
    Ok(Executor { name: name.text.clone(), rules, kind })
}

fn rules(reader: &mut Reader) -> Result<Rules, SpecError> {
    let seconds = Duration::from_secs;
    let pack = reader.part("pack", &["least", "most"])?;
    let ship = reader.part("ship", &["task_over", "group_over"])?;
    let rules = Rules {
        slots: reader.whole("slots", 1..=100_000, 100)?,
        threads: reader.whole("cpus", 1..=1024, 2)?,
        least: pack.amount("least", amounts::duration, seconds(60))?,
        most: pack.amount("most", amounts::duration, seconds(30 * 60))?,
        time_limit: reader.amount("time_limit", amounts::times_estimate, 3.0)?,
        task_over: ship.amount("task_over", amounts::duration, seconds(5))?,
        group_over: ship.amount("group_over", amounts::duration, seconds(60))?,
        retries: reader.whole("retries", 0..=100, 3)? as u32,
        poll: reader.amount("poll", amounts::duration, seconds(15))?,
        lost_after: reader.amount("lost_after", amounts::duration, seconds(90))?,
    };
    let place = |key| pack.find(key).or(reader.find("pack")).map(|(_, node)| node.at);
    if rules.least > rules.most
        && let Some(at) = place("least")
    {
        return Err(SpecError::new(at, "`least` is more than `most`")
            .hint("a pack takes from `least` to `most`: least: 1 min, most: 30 min".to_string()));
    }
    if rules.poll < seconds(1)
        && let Some((_, node)) = reader.find("poll")
    {
        return Err(SpecError::new(node.at, "`poll` is less than a second")
            .hint("every 15 s is often enough, and others use that engine too".to_string()));
    }
    Ok(rules)
}

/// The words for sbatch, one an item.
fn options(node: &Node) -> Result<Vec<String>, SpecError> {
    node.items().into_iter().map(option).collect()
}

fn option(node: &Node) -> Result<String, SpecError> {
    let text = node.text("an option")?.text;
    let name = text.split('=').next().unwrap_or_default();
    let wrong = |what: String, hint: String| Err(SpecError::new(node.at, what).hint(hint));
    if !name.starts_with('-') {
        return wrong(
            format!("`{text}` is no option of sbatch"),
            "an option an item: [--partition=cpu, --account=me]".into(),
        );
    }
    if name.contains(char::is_whitespace) {
        let glue = if name.starts_with("--") { "=" } else { "" };
        let written = text.split_whitespace().collect::<Vec<_>>().join(glue);
        return wrong(format!("`{text}` is more than one word"), format!("write {written}"));
    }
    let is_same = |long: &str, short: &str| {
        name == long || text.starts_with(short) && !text.starts_with("--") || name == short
    };
    if let Some((long, _, hint)) = OURS.iter().find(|(long, short, _)| is_same(long, short)) {
        return wrong(format!("{long} is hspipe's to say"), (*hint).into());
    }
    Ok(text)
}

/// The entries of one map, of which each must be asked for.
struct Reader<'a> {
    name: &'a str,
    entries: &'a [(Name, Node)],
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn find(&self, key: &str) -> Option<&'a (Name, Node)> {
        self.entries.iter().find(|(name, _)| name.text == key)
    }

    /// One that only some kinds have.
    fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.find(key).map(|(_, node)| node)
    }

    fn part(&self, key: &'static str, known: &[&'static str]) -> Result<Reader<'a>, SpecError> {
        let entries = match self.find(key) {
            Some((_, node)) => node.entries(&format!("`{key}`"))?,
            None => &[],
        };
        let part = Reader { name: key, entries, known: known.to_vec() };
        part.refuse_unknown()?;
        Ok(part)
    }

    fn refuse_unknown(&self) -> Result<(), SpecError> {
        match self.entries.iter().find(|(key, _)| !self.known.contains(&key.text.as_str())) {
            None => Ok(()),
            Some((key, _)) => Err(SpecError::new(key.at, format!("`{}` has no `{}`", self.name, key.text))
                .hint(names::hint(&key.text, self.known.iter().copied()))),
        }
    }

    /// A value that is read by `read`, whose error says what to write.
    fn amount<T>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
        default: T,
    ) -> Result<T, SpecError> {
        let Some((_, node)) = self.find(key) else { return Ok(default) };
        let NodeKind::Scalar(value) = &node.kind else {
            let found = kind(&node.value());
            let hint = read("").err();
            return Err(SpecError::new(node.at, format!("`{key}` must be one value, not {found}")).hint(hint));
        };
        let text = show(value);
        read(&text).map_err(|hint| SpecError::new(node.at, format!("`{key}` cannot be {text}")).hint(hint))
    }

    fn whole(
        &mut self,
        key: &'static str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, SpecError> {
        self.known.push(key);
        let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
        let read = |text: &str| text.parse().ok().filter(|number| range.contains(number)).ok_or_else(wanted);
        self.amount(key, read, default)
    }

    fn text(&mut self, key: &'static str) -> Result<Option<String>, SpecError> {
        let node = self.get(key);
        Ok(node.map(|node| node.text(&format!("`{key}`"))).transpose()?.map(|text| text.text))
    }

    fn required(&mut self, key: &'static str) -> Result<&'a Node, SpecError> {
        let first = self.entries.first().map(|(name, _)| name.at);
        let name = self.name;
        self.get(key).ok_or_else(|| {
            SpecError::new(
                first.unwrap_or(hspipe_engine::error::Loc { line: 1, column: 1 }),
                format!("`{name}` has no `{key}`"),
            )
            .hint("docs/cluster.md has an example of each kind".to_string())
        })
    }

    fn required_text(&mut self, key: &'static str) -> Result<String, SpecError> {
        Ok(self.required(key)?.text(&format!("`{key}`"))?.text)
    }

    /// A name of a variable of the environment.
    fn variable(&mut self, key: &'static str) -> Result<String, SpecError> {
        let node = self.required(key)?;
        let text = node.text(&format!("`{key}`"))?.text;
        let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.is_empty() || !is_plain || text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(SpecError::new(node.at, format!("`{text}` is no name of a variable"))
                .hint("write it without `$`: index: PBS_ARRAY_INDEX".to_string()));
        }
        Ok(text)
    }

    /// A command in which `{must}` stands.
    fn template(
        &mut self,
        key: &'static str,
        known: &[&str],
        must: &str,
    ) -> Result<array::Template, SpecError> {
        let node = self.required(key)?;
        let text = node.text(&format!("`{key}`"))?.text;
        array::Template::read(&text, known, must)
            .map_err(|(what, hint)| SpecError::new(node.at, what).hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> (String, String) {
        let error = parse(text, "e.yaml").expect_err(text);
        (error.to_string(), error.hint.unwrap_or_default())
    }

    #[test]
    fn a_minimal_file_is_enough() {
        let executors = parse("slurm: {kind: slurm}\n", "e.yaml").unwrap();
        let rules = executors[0].rules();
        assert_eq!((rules.slots, rules.threads, rules.retries, rules.time_limit), (100, 2, 3, 3.0));
        assert_eq!(parse("", "e.yaml").unwrap(), []);
    }

    #[test]
    fn all_can_be_written() {
        let text = "slurm:
  kind: slurm
  slots: 200
  cpus: 4
  memory: 8G
  pack: {least: 1 min, most: 30 min}
  time_limit: 2 x estimate
  ship: {task_over: 0 s, group_over: 2 h}
  retries: 1
  poll: 1 s
  lost_after: 5 s
  options: [--partition=cpu, -A me]
";
        let (what, hint) = mistake(text);
        assert_eq!(what, "e.yaml:12:30: `-A me` is more than one word");
        assert_eq!(hint, "write -Ame");
        let executor = &parse(&text.replace("-A me", "--account=me"), "e.yaml").unwrap()[0];
        let seconds = Duration::from_secs;
        let rules = Rules {
            slots: 200,
            threads: 4,
            least: seconds(60),
            most: seconds(1800),
            time_limit: 2.0,
            task_over: seconds(0),
            group_over: seconds(7200),
            retries: 1,
            poll: seconds(1),
            lost_after: seconds(5),
        };
        let options = vec!["--partition=cpu".to_string(), "--account=me".to_string()];
        let kind = Kind::Slurm(slurm::Site { slots: 200, cpus: 4, memory: 8192, options });
        assert_eq!(*executor, Executor { name: "slurm".into(), rules, kind });
    }

    #[test]
    fn mistakes_have_a_place_and_a_hint() {
        let cases = [
            ("a:\n  slots: 3\n", "e.yaml:1:1: `a` has no kind", "write kind: slurm"),
            ("a: {kind: slurn}", "e.yaml:1:11: there is no kind `slurn`", "did you mean `slurm`?"),
            ("a: {kind: slurm, slot: 3}", "e.yaml:1:18: `a` has no `slot`", "did you mean `slots`?"),
            ("a: {kind: slurm, slots: many}", "e.yaml:1:25: `slots` cannot be many", "from 1 to 100000"),
            ("a: {kind: slurm, poll: 90}", "e.yaml:1:24: `poll` cannot be 90", "90 s"),
            ("a: {kind: slurm, memory: [4G]}", "e.yaml:1:26: `memory` must be one value, not a list", "4G"),
            (
                "a: {kind: slurm, pack: {last: 1 s}}",
                "e.yaml:1:25: `pack` has no `last`",
                "did you mean `least`?",
            ),
            (
                "a: {kind: slurm, pack: {least: 1 h}}",
                "e.yaml:1:32: `least` is more than `most`",
                "most: 30 min",
            ),
            (
                "a: {kind: slurm, pack: {most: 1 s}}",
                "e.yaml:1:24: `least` is more than `most`",
                "most: 30 min",
            ),
            (
                "a: {kind: slurm, options: [cpu]}",
                "e.yaml:1:28: `cpu` is no option of sbatch",
                "--partition=cpu",
            ),
            ("a: {kind: slurm, options: [--array=1]}", "e.yaml:1:28: --array is hspipe's to say", "slots"),
            (
                "a: {kind: slurm, options: [-c4]}",
                "e.yaml:1:28: --cpus-per-task is hspipe's to say",
                "cpus: N",
            ),
            ("a: {kind: slurm, time_limit: 1 h}", "e.yaml:1:30: `time_limit` cannot be 1 h", "3 x estimate"),
            ("a: {kind: slurm, image: x}", "e.yaml:1:18: `a` has no `image`", ""),
            ("a: [slurm]", "e.yaml:1:4: `a` must be a map", ""),
            ("a: {kind: array}", "e.yaml:1:5: `a` has no `submit`", "docs/cluster.md"),
            ("a b: {kind: slurm}", "e.yaml:1:1: `a b` is not a name", "letters"),
        ];
        for (text, what, hint) in cases {
            let (found, found_hint) = mistake(text);
            assert!(found.starts_with(what) && found_hint.contains(hint), "{text}\n{found}\n{found_hint}");
        }
    }
}
