//! A remote cache, as a command uses it: which one, with whose word, and what is said of it.
//!
//! In: `--remote`, `HSPIPE_REMOTE` or `remote` of the pipeline, in this order; `HSPIPE_TRUST` and `HSPIPE_SIGNING_KEY`. Out: the
//! project with it behind its store, and lines on what came and went.

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::sync::Arc;

use hspipe_engine::address::{Address, is_public_key};
use hspipe_engine::graph::TaskId;
use hspipe_engine::history::RunRecord;
use hspipe_engine::key::TaskKey;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::spec::RemoteSpec;
use hspipe_engine::store::{Store, StoreError};
use hspipe_engine::upstream::Upstream;
use hspipe_remote::{Options, Remote, RemoteError, Signer, Traffic};

use super::amounts::size;
use super::error::Hinted;
use super::pipe::say;
use super::project::Project;

/// The variables that say what the pipeline does not.
const REMOTE: &str = "HSPIPE_REMOTE";
const TRUST: &str = "HSPIPE_TRUST";
const SIGNING_KEY: &str = "HSPIPE_SIGNING_KEY";

/// A remote cache in use. What is left is sent when it is dropped.
pub struct Sharing {
    remote: Arc<Remote>,
}

impl Drop for Sharing {
    fn drop(&mut self) {
        self.remote.finish_sending();
    }
}

/// Where the remote cache lies, if one is named.
///
/// # Errors
/// A word or a variable that is no address.
pub fn address(word: Option<&str>, spec: &RemoteSpec) -> Result<Option<Address>, Hinted> {
    let variable = env::var(REMOTE).ok().filter(|text| !text.is_empty());
    let (source, text) = match (word.filter(|word| !word.is_empty()), variable) {
        (Some(word), _) => ("", word.to_string()),
        (None, Some(text)) => ("HSPIPE_REMOTE: ", text),
        (None, None) => return Ok(spec.address.clone()),
    };
    if text == "none" {
        return Ok(None);
    }
    let address = text.parse::<Address>();
    address.map(Some).map_err(|error| Hinted::usage(format!("{source}{}", error.what), error.hint))
}

/// How it is used: whose word counts, who signs, who is told what goes wrong.
///
/// # Errors
/// A variable that names no key.
pub fn options(spec: &RemoteSpec, warn: impl Fn(&str) + Send + Sync + 'static) -> anyhow::Result<Options> {
    let trust = match env::var(TRUST) {
        Ok(keys) => keys.split([',', ' ']).filter(|key| !key.is_empty()).map(str::to_lowercase).collect(),
        Err(_) => spec.trust.clone(),
    };
    if let Some(key) = trust.iter().find(|key| !is_public_key(key)) {
        let hint = "it has 64 hexadecimal digits, as `hspipe cache keygen` prints it; commas between several";
        return Err(Hinted::usage(format!("{TRUST}: `{key}` is no public key"), hint).into());
    }
    let file = env::var_os(SIGNING_KEY).filter(|file| !file.is_empty());
    let signer = file.map(|file| Signer::load(Path::new(&file))).transpose()?;
    Ok(Options { trust, signer, warn: Box::new(warn) })
}

impl Project {
    /// Puts the remote cache behind the project's store, if one is named. Whatever is the matter with it is a
    /// warning: every command can do without.
    ///
    /// # Errors
    /// Words or variables that make no sense.
    pub fn share(
        &mut self,
        word: Option<&str>,
        warn: impl Fn(&str) + Send + Sync + 'static,
    ) -> anyhow::Result<Option<Sharing>> {
        let Some(address) = address(word, &self.spec.remote)? else { return Ok(None) };
        let options = options(&self.spec.remote, warn)?;
        let remote = Remote::open(&address, Store::open(self.store.root())?, options);
        Ok(Some(self.share_with(remote)?))
    }

    /// Puts it there.
    ///
    /// # Errors
    /// The cache of this machine cannot be opened.
    pub fn share_with(&mut self, remote: Remote) -> Result<Sharing, StoreError> {
        let remote = Arc::new(remote);
        let store = Store::open(self.store.root())?.of_build(crate::BUILD);
        self.store = Arc::new(store.with_upstream(remote.clone()));
        Ok(Sharing { remote })
    }
}

impl Sharing {
    /// The cache itself.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// From now on what is computed is sent.
    pub fn send_what_is_computed(&self) {
        self.remote.send_what_is_computed();
    }

    /// A run begins that needs these tasks: their tables are fetched together, those of others are not.
    pub fn fetch_for(&self, plan: &Plan, needed: &[TaskId]) {
        let needed: HashSet<TaskKey> = keys(plan, needed);
        let all: Vec<TaskId> = plan.states.ids().collect();
        self.remote.set_aside(keys(plan, &all).difference(&needed).copied());
    }

    /// The plan as Results/ and Figures/ are to see it: what this run did not need and is not here is not fetched for them.
    pub fn seen(&self, plan: &Plan, needed: &[TaskId]) -> Plan {
        let (mut seen, needed): (Plan, HashSet<TaskId>) = (plan.clone(), needed.iter().copied().collect());
        for task in plan.states.ids().filter(|task| !needed.contains(task)) {
            if let TaskState::Cached { key, .. } = &plan.states[task]
                && self.remote.has_served(key)
                && !self.remote.is_here(key)
            {
                seen.states[task] = TaskState::Depends;
            }
        }
        seen
    }

    /// Waits until all is sent that is to be, and puts the run there if it had to do with it. Returns a line for what came and
    /// one for what went.
    pub fn finish(&self, plan: &Plan, needed: &[TaskId], run: impl FnOnce() -> RunRecord) -> Vec<String> {
        self.remote.finish_sending();
        let is_from_there = |task: &&TaskId| matches!(&plan.states[**task], TaskState::Cached { key, .. } if self.remote.has_served(key));
        let served = needed.iter().filter(is_from_there).count();
        let Traffic { fetched, tasks_sent, sent } = self.remote.traffic();
        if served + tasks_sent > 0 {
            self.remote.mark(&run());
        }
        let name = self.remote.name();
        let mut lines = Vec::new();
        if served > 0 {
            let fetched = if fetched > 0 { size(fetched) } else { "nothing".to_string() };
            lines.push(format!("{served} tasks from {name}, {fetched} fetched"));
        }
        if tasks_sent > 0 {
            lines.push(format!("{tasks_sent} tasks to {name}, {} sent", size(sent)));
        }
        lines
    }
}

/// Tells what goes wrong with it.
pub fn warned(text: &str) {
    say!("warning: {text}");
}

/// An error of a command that is about such a cache.
pub fn hinted(error: RemoteError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => Hinted::new(error.line(), hint).into(),
        None => anyhow::anyhow!(error.line()),
    }
}

/// Whether bytes were lost that can be made anew.
pub fn is_loss(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_loss))
}

/// Whether that is a matter of the remote cache.
pub fn is_lost_elsewhere(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Gone { .. })))
}

/// The keys of tasks that are cached.
pub fn keys(plan: &Plan, tasks: &[TaskId]) -> HashSet<TaskKey> {
    let key = |task: &TaskId| match &plan.states[*task] {
        TaskState::Cached { key, .. } => Some(*key),
        _ => None,
    };
    tasks.iter().filter_map(key).collect()
}
