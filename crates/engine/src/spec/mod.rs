//! `pipeline.yaml` as written: names are not looked up yet, but each knows its place.
//!
//! In: a tree of located YAML nodes. Out: [`Spec`]. Must not know the values of parameters (that is
//! [`crate::settings`]) nor what a stage expands to (that is [`crate::graph`]).

mod reference;
mod remote;

pub use reference::{Fix, Reference, is_name};
pub use remote::RemoteSpec;

use crate::error::SpecError;
use crate::names;
use crate::value::Value;
use crate::yaml::{self, Name, Node, NodeKind};

/// A whole pipeline file.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The file as the user named it, for messages.
    pub file: String,
    /// The section `params`: names with their default values.
    pub params: Vec<(Name, Node)>,
    /// A profile is a named list of parameter overrides.
    pub profiles: Vec<(Name, Vec<(Name, Node)>)>,
    /// The section `axes`: axes that stages share.
    pub axes: Vec<(Name, Domain)>,
    /// The section `stages`.
    pub stages: Vec<StageSpec>,
    /// The section `targets`.
    pub targets: Vec<Target>,
    /// The section `results`.
    pub results: Vec<Target>,
    /// The section `remote`; of no key.
    pub remote: RemoteSpec,
}

/// A stage as written.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// Its own name.
    pub name: Name,
    /// The name of its op, which is its own unless it says otherwise.
    pub op: Name,
    /// One line for people.
    pub about: Option<String>,
    /// Each axis with its own domain, or with that of the section `axes`.
    pub axes: Vec<(Name, Option<Domain>)>,
    /// Points to leave out: all those that match every condition of one entry.
    pub exclude: Vec<Vec<Condition>>,
    /// What it reads, by the names of its op's inputs.
    pub inputs: Vec<(Name, InputSpec)>,
    /// Parameters of its op that it sets itself.
    pub params: Vec<(Name, Node)>,
    /// The axes that a new draw is made for; none if its op draws nothing.
    pub seed_by: Option<Vec<Name>>,
    /// The word under which seeds are drawn; the op's name unless given.
    pub role: Option<Name>,
}

/// An input as written: where from, and at which points of the stage.
#[derive(Clone, Debug)]
pub struct InputSpec {
    /// What it reads.
    pub from: Reference,
    /// Conditions that must all hold; none of them: at every point.
    pub when: Vec<Condition>,
}

/// An axis and the values of it that are meant.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The axis.
    pub axis: Name,
    /// One value or a list of them; may hold `$parameter`.
    pub values: Node,
}

/// Where an axis takes its values from. The nodes may hold `$parameter`.
#[derive(Clone, Debug)]
pub enum Domain {
    /// The items of a list, or one value.
    Values(Node),
    /// 0, 1, ..., n - 1.
    Count(Node),
    /// A list for each value of another axis.
    By {
        /// The other axis, which stands before this one in the stage.
        axis: Name,
        /// For each of its values the list.
        cases: Vec<(Name, Node)>,
    },
}

/// A named list of references: a target of `run`, or a table of results.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: Name,
    /// What it is made of.
    pub of: Vec<Reference>,
    /// One line for people.
    pub about: Option<String>,
    /// Print it when it was asked for; of results only.
    pub show: bool,
}

impl Spec {
    /// Where an axis of a stage takes its values from: its own domain there, else that of the
    /// section `axes`.
    pub fn domain<'a>(&'a self, axis: &Name, own: &'a Option<Domain>) -> Option<&'a Domain> {
        let shared = || self.axes.iter().find(|(name, _)| name.text == axis.text).map(|(_, domain)| domain);
        own.as_ref().or_else(shared)
    }

    /// Reads a pipeline's text; `file` is its name in messages.
    ///
    /// # Errors
    /// Bad YAML, unknown words, wrong types: with line, column and a hint.
    pub fn parse(text: &str, file: &str) -> Result<Spec, SpecError> {
        parse_spec(text)
            .map(|spec| Spec { file: file.to_string(), ..spec })
            .map_err(|error| error.in_file(file))
    }
}

fn parse_spec(text: &str) -> Result<Spec, SpecError> {
    let root = yaml::parse(text)?;
    let mut spec = Spec::default();
    for (section, body) in root.entries("a pipeline")? {
        match section.text.as_str() {
            "params" => spec.params = names_of(body, "`params`")?,
            "profiles" => {
                for (name, overrides) in body.entries("`profiles`")? {
                    spec.profiles.push((name.clone(), overrides.entries("a profile")?.to_vec()));
                }
            }
            "axes" => {
                for (name, domain) in names_of(body, "`axes`")? {
                    spec.axes.push((name, parse_domain(&domain)?));
                }
            }
            "stages" => {
                for (name, body) in names_of(body, "`stages`")? {
                    spec.stages.push(parse_stage(name, &body)?);
                }
            }
            "targets" => spec.targets = parse_targets(body, "`targets`")?,
            "results" => spec.results = parse_targets(body, "`results`")?,
            "remote" => spec.remote = remote::parse(body)?,
            _ => {
                let valid = ["params", "profiles", "axes", "stages", "targets", "results", "remote"];
                return Err(unknown(section, "section", &valid));
            }
        }
    }
    Ok(spec)
}

fn unknown(name: &Name, what: &str, valid: &[&str]) -> SpecError {
    SpecError::new(name.at, format!("unknown {what} `{}`", name.text))
        .hint(names::hint(&name.text, valid.iter().copied()))
}

/// The entries of a map whose keys are names.
fn names_of(node: &Node, what: &str) -> Result<Vec<(Name, Node)>, SpecError> {
    let entries = node.entries(what)?;
    for (name, _) in entries {
        if !is_name(&name.text) {
            return Err(SpecError::new(name.at, format!("`{}` is not a name", name.text))
                .hint("a name has only letters, digits, `_` and `-`".to_string()));
        }
    }
    Ok(entries.to_vec())
}

fn parse_stage(name: Name, body: &Node) -> Result<StageSpec, SpecError> {
    let mut stage = StageSpec {
        op: name.clone(),
        name,
        about: None,
        axes: Vec::new(),
        exclude: Vec::new(),
        inputs: Vec::new(),
        params: Vec::new(),
        seed_by: None,
        role: None,
    };
    for (key, value) in body.entries("a stage")? {
        match key.text.as_str() {
            "op" => stage.op = value.text("`op`")?,
            "about" => stage.about = Some(value.text("`about`")?.text),
            "axes" => stage.axes = parse_axes(value)?,
            "exclude" => {
                stage.exclude = value.items().into_iter().map(parse_conditions).collect::<Result<_, _>>()?;
            }
            "inputs" => {
                for (input, from) in names_of(value, "`inputs`")? {
                    stage.inputs.push((input, parse_input(&from)?));
                }
            }
            "params" => stage.params = names_of(value, "`params`")?,
            "seed_by" => {
                let axes = value.items().into_iter().map(|axis| axis.text("an axis in `seed_by`"));
                stage.seed_by = Some(axes.collect::<Result<_, _>>()?);
            }
            "role" => stage.role = Some(value.text("`role`")?),
            _ => {
                let valid = ["op", "about", "axes", "exclude", "inputs", "params", "seed_by", "role"];
                return Err(unknown(key, "word in a stage:", &valid));
            }
        }
    }
    Ok(stage)
}

/// `[dataset, set]`, or a map that gives some axes a domain of their own: `{dataset: , member:
/// {count: 100}}`.
fn parse_axes(node: &Node) -> Result<Vec<(Name, Option<Domain>)>, SpecError> {
    match &node.kind {
        NodeKind::Map(_) => names_of(node, "`axes`")?
            .into_iter()
            .map(|(name, domain)| match domain.kind {
                NodeKind::Scalar(Value::Null) => Ok((name, None)),
                _ => Ok((name, Some(parse_domain(&domain)?))),
            })
            .collect(),
        _ => {
            let mut axes: Vec<(Name, Option<Domain>)> = Vec::new();
            for item in node.items() {
                let name = item.text("an axis")?;
                if axes.iter().any(|(seen, _)| seen.text == name.text) {
                    return Err(SpecError::new(name.at, format!("the axis `{}` stands twice", name.text)));
                }
                axes.push((name, None));
            }
            Ok(axes)
        }
    }
}

fn parse_domain(node: &Node) -> Result<Domain, SpecError> {
    let NodeKind::Map(entries) = &node.kind else {
        return Ok(Domain::Values(node.clone()));
    };
    match entries.as_slice() {
        [(key, count)] if key.text == "count" => Ok(Domain::Count(count.clone())),
        _ => {
            let Some((_, by)) = entries.iter().find(|(key, _)| key.text == "by") else {
                return Err(SpecError::new(node.at, "an axis needs its values").hint(
                    "write a list, $parameter, {count: N} or {by: AXIS, VALUE: [...], ...}".to_string(),
                ));
            };
            let cases = entries.iter().filter(|(key, _)| key.text != "by").cloned().collect();
            Ok(Domain::By { axis: by.text("`by`")?, cases })
        }
    }
}

fn parse_conditions(node: &Node) -> Result<Vec<Condition>, SpecError> {
    let entries = node.entries("a condition")?;
    if entries.is_empty() {
        return Err(SpecError::new(node.at, "an empty condition holds at every point")
            .hint("write AXIS: VALUE, or leave the condition out".to_string()));
    }
    let nothing =
        |value: &Value| value.is_null() || value.as_array().is_some_and(|list| list.contains(&Value::Null));
    entries
        .iter()
        .map(|(axis, values)| match values.value() {
            value if nothing(&value) || value == Value::Array(Vec::new()) => {
                Err(SpecError::new(axis.at, format!("the condition on `{}` has no value", axis.text))
                    .hint(format!("write {}: VALUE, or a list of values", axis.text)))
            }
            _ => Ok(Condition { axis: axis.clone(), values: values.clone() }),
        })
        .collect()
}

fn parse_input(node: &Node) -> Result<InputSpec, SpecError> {
    let NodeKind::Map(entries) = &node.kind else {
        return Ok(InputSpec { from: parse_reference(node)?, when: Vec::new() });
    };
    let (mut from, mut when) = (None, Vec::new());
    for (key, value) in entries {
        match key.text.as_str() {
            "from" => from = Some(parse_reference(value)?),
            "when" => when = parse_conditions(value)?,
            _ => return Err(unknown(key, "word in an input:", &["from", "when"])),
        }
    }
    match from {
        Some(from) => Ok(InputSpec { from, when }),
        None => Err(SpecError::new(node.at, "an input needs `from`")),
    }
}

fn parse_reference(node: &Node) -> Result<Reference, SpecError> {
    let name = node.text("a reference to a stage")?;
    Reference::parse(&name.text, name.at)
}

fn parse_targets(node: &Node, what: &str) -> Result<Vec<Target>, SpecError> {
    let mut targets = Vec::new();
    for (name, body) in names_of(node, what)? {
        let (mut of, mut about, mut show) = (&body, None, false);
        if let NodeKind::Map(entries) = &body.kind {
            for (key, value) in entries {
                match key.text.as_str() {
                    "of" => of = value,
                    "about" => about = Some(value.text("`about`")?.text),
                    "show" => {
                        show = value.value().as_bool().ok_or_else(|| {
                            SpecError::new(value.at, "`show` must be true or false".to_string())
                        })?;
                    }
                    _ => return Err(unknown(key, "word in a target:", &["of", "about", "show"])),
                }
            }
        }
        let of = of.items().into_iter().map(parse_reference).collect::<Result<_, _>>()?;
        targets.push(Target { name, of, about, show });
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let error = Spec::parse(text, "p.yaml").unwrap_err();
        format!("{error} | {}", error.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        assert_eq!(message("stage: {}"), "p.yaml:1:1: unknown section `stage` | did you mean `stages`?");
        assert_eq!(
            message("stages:\n  a:\n    input: {}\n"),
            "p.yaml:3:5: unknown word in a stage: `input` | did you mean `inputs`?"
        );
        assert!(
            message("stages:\n  a:\n    axes: [x, x]\n")
                .starts_with("p.yaml:3:15: the axis `x` stands twice")
        );
        assert!(message("results: {a: {of: b, show: yes}}").contains("`show` must be true or false"));
        assert_eq!(
            message("remote: s4://bucket"),
            "p.yaml:1:9: there is no remote cache by `s4://` | did you mean `s3`?"
        );
        assert!(message("remote: {url: s3://b, trust: [12]}").starts_with("p.yaml:1:31: a key in `trust`"));
        assert!(message("remote: {urls: s3://b}").ends_with("did you mean `url`?"));
        assert!(message("stages: [a]").starts_with("p.yaml:1:9: `stages` must be a map"));
    }
}
