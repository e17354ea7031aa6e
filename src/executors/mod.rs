//! Executors: who computes what a run sends away.
//!
//! In: `executors.yaml`, a site's matter, of the project or of the user. Out: an [`Executor`] by its name, with the rules
//! of how much to send and the queue to send it to. No word of it enters a key. Knows no tasks.

mod amounts;
mod array;
mod command;
mod kubernetes;
mod script;
mod slurm;
mod written;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use hspipe_engine::away::{Array, Queue, QueueError, Rules};
use hspipe_engine::{Origin, SpecError, names};

pub use command::Surroundings;

const NAME: &str = "executors.yaml";

/// All executors that are written down for a project.
#[derive(Debug)]
pub struct Executors {
    /// Where they may be written, the nearest first.
    files: Vec<PathBuf>,
    /// One of a nearer file comes before those of the same name.
    all: Vec<Executor>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Executor {
    name: String,
    rules: Rules,
    kind: Kind,
}

/// The engine that it stands for.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Slurm(slurm::Site),
    Array(array::Site),
    Kubernetes(kubernetes::Site),
}

impl Executors {
    /// Reads the files there are: that in the folder of the pipeline, and that of the user.
    ///
    /// # Errors
    /// One that cannot be read, or has a mistake.
    pub fn open(project: &Path) -> anyhow::Result<Executors> {
        let own = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let own = own.or_else(|| Some(std::env::home_dir()?.join(".config")));
        let own = own.map(|folder| folder.join("hspipe").join(NAME));
        Executors::read(std::iter::once(project.join(NAME)).chain(own).collect())
    }

    fn read(files: Vec<PathBuf>) -> anyhow::Result<Executors> {
        let mut all = Vec::new();
        for path in &files {
            match std::fs::read_to_string(path) {
                Ok(text) => all.extend(written::parse(&text, &path.display().to_string())?),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
            }
        }
        Ok(Executors { files, all })
    }

    /// The executor that `--on` names.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn get(&self, name: &str) -> Result<&Executor, SpecError> {
        self.all.iter().find(|executor| executor.name == name).ok_or_else(|| {
            let origin = Origin::CommandLine(format!("--on {name}"));
            let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
            let files = files.join(" or ");
            let (what, hint) = match names::hint(name, self.all.iter().map(|executor| executor.name.as_str())) {
                Some(hint) => ("there is no such executor", format!("{hint} They are written in {files}")),
                None => (
                    "no executors are written down",
                    format!("for SLURM, a line of {files} is enough: `{name}: {{kind: slurm}}`; docs/cluster.md says more"),
                ),
            };
            SpecError::new(origin, what).hint(hint)
        })
    }
}

impl Executor {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much goes to it, and when that counts as lost.
    pub fn rules(&self) -> Rules {
        self.rules.clone()
    }

    /// The way to it, for jobs of the running program.
    ///
    /// # Errors
    /// The system does not say where the running program lies.
    pub fn queue(&self) -> io::Result<Box<dyn Queue>> {
        Ok(self.queue_for(Surroundings::here()?))
    }

    /// The way to it, for jobs in other surroundings.
    pub fn queue_for(&self, surroundings: Surroundings) -> Box<dyn Queue> {
        match &self.kind {
            Kind::Slurm(site) => Box::new(slurm::Slurm::new(site.clone(), surroundings)),
            Kind::Array(site) => Box::new(array::Engine::new(site.clone(), surroundings)),
            Kind::Kubernetes(site) => Box::new(kubernetes::Kubernetes::new(site.clone(), surroundings)),
        }
    }

    /// The same without one of its nodes, if it can be asked for that.
    pub fn without(&self, node: &str) -> Option<Executor> {
        let Kind::Slurm(site) = &self.kind else { return None };
        let mut site = site.clone();
        site.options.push(format!("--exclude={node}"));
        Some(Executor { kind: Kind::Slurm(site), ..self.clone() })
    }
}

/// Submits the parts of an order, each from a first pack to a last one. If one is refused those before it are taken back,
/// since nobody would know of them.
fn all_or_none<Q: Queue>(
    queue: &mut Q,
    parts: impl IntoIterator<Item = (usize, usize)>,
    submit: impl Fn(&Q, usize, usize) -> Result<Array, QueueError>,
) -> Result<Vec<Array>, QueueError> {
    let mut arrays = Vec::new();
    for (first, last) in parts {
        match submit(queue, first, last) {
            Ok(array) => arrays.push(array),
            Err(error) => {
                let _ = queue.cancel(&arrays);
                return Err(error);
            }
        }
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_comes_before_the_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let near = file("near.yaml", "a: {kind: slurm, slots: 3}\n");
        let far = file("far.yaml", "a: {kind: slurm}\nfar: {kind: slurm, slots: 5}\n");
        let absent = folder.path().join("absent.yaml");
        let executors = Executors::read(vec![near, far, absent.clone()]).unwrap();
        assert_eq!(executors.get("a").unwrap().rules().slots, 3);
        assert_eq!(executors.get("far").unwrap().rules().slots, 5);
        let error = executors.get("fat").unwrap_err();
        assert_eq!(error.to_string(), "--on fat: there is no such executor");
        assert!(
            error.hint.as_deref().is_some_and(|hint| hint.starts_with("did you mean `far`? They")),
            "{error:?}"
        );
        let error = Executors::read(vec![absent]).unwrap().get("slurm").unwrap_err();
        assert!(
            error
                .hint
                .is_some_and(|hint| hint.contains("absent.yaml") && hint.contains("slurm: {kind: slurm}"))
        );
    }
}
