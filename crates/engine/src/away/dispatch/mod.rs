//! Tasks that a run has sent away: packed, handed to an engine, followed until they are done.
//!
//! In: tasks that can start. Out: what came of them, [`Told`]. A line that a worker wrote is the
//! truth; what the engine says only shows that nobody works on a pack any more, which is then sent
//! again. Knows no graph. `send.rs` has the way out, `engine.rs` what is said to the engine, `mend.rs`
//! what becomes of lost packs.

mod engine;
mod mend;
mod send;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::elsewhere::{AwayError, Elsewhere};
use super::folder::{Errand, Folder, State};
use super::open::{Open, Standing, Told};
use super::packing::{Parcel, worth_a_journey};
use crate::graph::TaskId;
use crate::key::TaskKey;
use crate::store::{Store, StoreError};

/// How often lines are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// How long a task waits for company, after the last one that came, and in all.
const QUIET: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// All that a run has on its way.
pub(crate) struct Dispatch<'a> {
    store: &'a Store,
    elsewhere: &'a Elsewhere,
    version: &'a str,
    caller: Caller,
    folders: Vec<Known>,
    /// The place of this run's own folder among them.
    own: Option<usize>,
    /// The number of its next pack.
    next_number: usize,
    packs: Vec<Open>,
    /// How often each task's process was lost.
    strikes: HashMap<TaskKey, usize>,
    /// Tasks that wait for company.
    waiting: Vec<(Parcel, Errand)>,
    first_waits: Instant,
    last_waits: Instant,
    looked: Instant,
    stood: Standing,
    /// Orders that the engine has not taken yet, and since when it takes none.
    orders: Vec<(usize, usize, Duration)>,
    is_ordering: bool,
    refused_since: Option<Instant>,
    next_order: Instant,
    warned: bool,
}

/// A folder of packs that are followed.
struct Known {
    folder: Folder,
    state: State,
    asked: Option<Instant>,
    is_asking: bool,
    silent_since: Option<Instant>,
    /// Whether another run has removed it: it had followed the same packs to their end.
    is_gone: bool,
}

impl<'a> Dispatch<'a> {
    /// With the packs that earlier runs have sent by this executor and that are not done.
    pub(crate) fn new(store: &'a Store, elsewhere: &'a Elsewhere, version: &'a str) -> Self {
        let now = Instant::now();
        let mut dispatch = Dispatch {
            store,
            elsewhere,
            version,
            caller: Caller::new(&elsewhere.queue),
            folders: Vec::new(),
            own: None,
            next_number: 0,
            packs: Vec::new(),
            strikes: HashMap::new(),
            waiting: Vec::new(),
            first_waits: now,
            last_waits: now,
            looked: now,
            stood: Standing::default(),
            orders: Vec::new(),
            is_ordering: false,
            refused_since: None,
            next_order: now,
            warned: false,
        };
        for folder in Folder::all(store) {
            let Some(state) = folder.state() else { continue };
            if folder.is_cancelled() || state.executor != elsewhere.executor {
                continue;
            }
            let attempts = folder.attempts();
            let has_gone = |number: &usize| {
                let mut attempts = attempts.iter();
                state.arrays.iter().any(|array| array.holds(*number)) || attempts.any(|(of, _)| of == number)
            };
            for number in folder.packs().into_iter().filter(has_gone) {
                let open = Open::found(&folder, number, store);
                if !open.left.is_empty() {
                    dispatch.packs.push(open);
                }
            }
            dispatch.know(folder, state);
        }
        // What failed in them is tried again; what is done was taken in before the plan was made.
        let _ = dispatch.look();
        dispatch.packs.retain(|pack| !pack.left.is_empty());
        dispatch
    }

    fn know(&mut self, folder: Folder, state: State) -> usize {
        self.folders.push(Known {
            folder,
            state,
            asked: None,
            is_asking: false,
            silent_since: None,
            is_gone: false,
        });
        self.folders.len() - 1
    }

    /// How many packs are on their way.
    pub(crate) fn on_their_way(&self) -> usize {
        self.packs.len()
    }

    /// Seconds of work that a task was expected to be.
    pub(crate) fn seconds(&self, task: TaskId) -> Option<f64> {
        self.elsewhere.expected.of.get(&task).map(|cost| cost.seconds)
    }

    /// Whether the run ends as soon as everything that can be is on its way.
    pub(crate) fn is_detached(&self) -> bool {
        self.elsewhere.is_detached
    }

    /// Whether a task is on its way.
    pub(crate) fn carries(&self, key: &TaskKey) -> bool {
        self.packs.iter().any(|pack| pack.left.contains_key(key))
    }

    /// Those of the tasks that go away.
    pub(crate) fn chosen(&self, parcels: &[Parcel]) -> Vec<Parcel> {
        worth_a_journey(parcels, &self.elsewhere.rules)
    }

    /// Takes a task, which goes when it has company or has waited for some.
    pub(crate) fn take(&mut self, parcel: Parcel, errand: Errand) {
        self.last_waits = Instant::now();
        if self.waiting.is_empty() {
            self.first_waits = self.last_waits;
        }
        self.waiting.push((parcel, errand));
    }

    /// Whether everything that was taken is with the engine.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.waiting.is_empty() && self.orders.is_empty() && !self.is_ordering
    }

    /// What is new. `is_idle`: nothing is computed here, so that no more tasks come by it.
    ///
    /// # Errors
    /// The engine refuses, or is out of reach for long; the cache cannot be written in.
    pub(crate) fn poll(&mut self, is_idle: bool) -> Result<Vec<Told>, AwayError> {
        let mut told = Vec::new();
        while let Some(answer) = self.caller.answer() {
            self.hear(answer, &mut told)?;
        }
        if self.looked.elapsed() >= LOOK.min(self.elsewhere.rules.poll) {
            told.extend(self.look()?);
            self.ask()?;
            self.mend(&mut told)?;
            told.extend(self.standing());
            self.looked = Instant::now();
        }
        self.packs.retain(|pack| !pack.left.is_empty());
        if !self.waiting.is_empty()
            && (is_idle || self.last_waits.elapsed() >= QUIET || self.first_waits.elapsed() >= LONGEST_WAIT)
        {
            self.pack(&mut told)?;
        }
        self.order();
        Ok(told)
    }

    /// Waits until all that was taken is with the engine, or cannot be.
    ///
    /// # Errors
    /// As [`Dispatch::poll`].
    pub(crate) fn send_all(&mut self) -> Result<(), AwayError> {
        while !self.is_all_sent() {
            self.poll(true)?;
            if let Some(answer) = self.caller.await_answer(Duration::from_millis(100)) {
                self.hear(answer, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    /// At the end of the run: folders of which nothing is on its way go, but for this run's own where
    /// a task has failed, whose log may be asked for.
    pub(crate) fn close(self, has_failed: bool) {
        // What cannot be removed now goes with the next run.
        if self.store.flush().is_err() {
            return;
        }
        for (of, known) in self.folders.iter().enumerate() {
            let is_open = self.packs.iter().any(|pack| pack.folder == known.folder);
            let is_wanted = has_failed && self.own == Some(of);
            if !is_open && !is_wanted {
                let _ = known.folder.remove();
            }
        }
    }

    /// Reads what workers have written.
    fn look(&mut self) -> Result<Vec<Told>, StoreError> {
        let mut told = Vec::new();
        for known in &self.folders {
            let packs: Vec<&mut Open> =
                self.packs.iter_mut().filter(|pack| pack.folder == known.folder).collect();
            if packs.is_empty() {
                continue;
            }
            let attempts = known.folder.attempts();
            for pack in packs {
                told.extend(pack.read(&attempts, self.store)?);
            }
        }
        Ok(told)
    }

    /// How the jobs stand, if that is otherwise than it was told last.
    fn standing(&mut self) -> Option<Told> {
        let open = self.packs.iter().filter(|pack| !pack.left.is_empty());
        let (running, waiting): (Vec<&Open>, Vec<&Open>) = open.partition(|pack| pack.is_running());
        let nodes: BTreeSet<String> = running.iter().filter_map(|pack| pack.node.clone()).collect();
        let (queued, running, nodes) = (waiting.len(), running.len(), nodes.into_iter().collect());
        let standing = Standing { queued, running, nodes };
        let is_new = standing != self.stood;
        self.stood = standing.clone();
        is_new.then_some(Told::Standing(standing))
    }
}
