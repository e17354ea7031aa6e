//! Tasks that a run has sent away: packed, handed to an engine, followed until they are done.
//!
//! In: tasks that can start. Out: what came of them, [`Told`]. A line that a worker wrote is the
//! truth; what the engine says only shows that nobody works on a pack any more, which is then sent
//! again. Knows no graph.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::caller::{Answer, Ask, Caller};
use super::elsewhere::{AwayError, Elsewhere};
use super::folder::{Errand, Folder, Pack, State};
use super::loss::remedy;
use super::open::{End, Open, Standing, Told};
use super::packing::{Parcel, packs, time_limit, worth_a_journey};
use super::queue::{Array, QueueError};
use crate::clock::now;
use crate::graph::TaskId;
use crate::key::TaskKey;
use crate::op::OpError;
use crate::store::{Store, StoreError};

/// How long an engine may be out of reach before the run gives up; its packs go on.
const PATIENCE: Duration = Duration::from_secs(600);

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
                let tasks = folder.pack(number).map(|pack| pack.tasks).unwrap_or_default();
                let open = Open::new(
                    &folder,
                    number,
                    tasks.into_iter().filter(|task| store.lookup(&task.key).is_none()),
                );
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
        self.folders.push(Known { folder, state, asked: None, is_asking: false, silent_since: None });
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

    /// Whether a task is on its way, or waits to be.
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
        for (of, known) in self.folders.iter().enumerate() {
            let is_open = self.packs.iter().any(|pack| pack.folder == known.folder);
            let is_wanted = has_failed && self.own == Some(of);
            if !is_open && !is_wanted {
                // What cannot be removed now goes with the next run.
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

    /// Asks the engine after the jobs of each folder, when it is time.
    fn ask(&mut self) -> Result<(), AwayError> {
        for (of, known) in self.folders.iter_mut().enumerate() {
            let is_due = known.asked.is_none_or(|asked| asked.elapsed() >= self.elsewhere.rules.poll);
            let mut open = self.packs.iter().filter(|pack| pack.folder == known.folder).peekable();
            if known.is_asking || !is_due || open.peek().is_none() {
                continue;
            }
            if known.folder.is_cancelled() {
                return Err(AwayError::Cancelled);
            }
            let numbers: Vec<usize> = open.map(|pack| pack.number).collect();
            let is_open = |array: &&Array| numbers.iter().any(|number| array.holds(*number));
            let arrays = known.state.arrays.iter().filter(is_open).cloned().collect();
            (known.asked, known.is_asking) = (Some(Instant::now()), true);
            self.caller.ask(Ask::Alive { of, arrays });
        }
        Ok(())
    }

    fn hear(&mut self, answer: Answer, told: &mut Vec<Told>) -> Result<(), AwayError> {
        match answer {
            Answer::Alive { of, arrays, result } => {
                let known = &mut self.folders[of];
                known.is_asking = false;
                match result {
                    Ok(elements) => {
                        known.silent_since = None;
                        let (folder, taken) = (&known.folder, &known.state.arrays);
                        // The answer is not about packs that the engine took after it was asked, or is yet to take.
                        let is_own = self.own == Some(of);
                        let is_asked = |number: usize| {
                            let is_with_engine = taken.iter().any(|array| array.holds(number));
                            arrays.iter().any(|array| array.holds(number)) || !is_own && !is_with_engine
                        };
                        let packs = self.packs.iter_mut().filter(|pack| pack.folder == *folder);
                        packs.filter(|pack| is_asked(pack.number)).for_each(|pack| pack.hear(&elements));
                    }
                    Err(error) => {
                        let since = *known.silent_since.get_or_insert_with(Instant::now);
                        self.bear(error, since, told)?;
                    }
                }
            }
            Answer::Submitted { first, last, time_limit, result } => {
                self.is_ordering = false;
                match result {
                    Ok(arrays) => {
                        (self.refused_since, self.warned) = (None, false);
                        if let Some(own) = self.own {
                            let known = &mut self.folders[own];
                            known.state.arrays.extend(arrays);
                            known.folder.set_state(&known.state)?;
                        }
                    }
                    Err(error) => {
                        let since = *self.refused_since.get_or_insert_with(Instant::now);
                        self.orders.insert(0, (first, last, time_limit));
                        self.next_order = Instant::now() + self.elsewhere.rules.poll;
                        self.bear(error, since, told)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An engine that is out of reach is asked again for a while.
    fn bear(&mut self, error: QueueError, since: Instant, told: &mut Vec<Told>) -> Result<(), AwayError> {
        if !error.may_pass || since.elapsed() > PATIENCE {
            if let Some(own) =
                self.own.map(|own| &self.folders[own]).filter(|own| own.state.arrays.is_empty())
            {
                // Nobody will ever work on these.
                let _ = own.folder.remove();
            }
            let executor = self.elsewhere.executor.clone();
            return Err(AwayError::Engine { executor, source: error });
        }
        if !std::mem::replace(&mut self.warned, true) {
            let minutes = PATIENCE.as_secs() / 60;
            told.push(Told::Warning(format!("{error}; it is asked again for {minutes} minutes")));
        }
        Ok(())
    }

    /// Sends again what is lost.
    fn mend(&mut self, told: &mut Vec<Told>) -> Result<(), AwayError> {
        let lost_after = self.elsewhere.rules.lost_after;
        let (lost, open): (Vec<Open>, Vec<Open>) =
            std::mem::take(&mut self.packs).into_iter().partition(|pack| pack.is_lost(lost_after));
        self.packs = open;
        for mut pack in lost {
            // What came just now is not lost.
            told.extend(pack.read(&pack.folder.attempts(), self.store)?);
            if pack.left.is_empty() {
                continue;
            }
            let Open { folder, number, left, started, node, end, .. } = pack;
            if let Some(End::Refused(what)) = end {
                let hint = "the same hspipe must be on every node: hspipe doctor --on says what is there";
                told.extend(
                    left.into_keys().map(|key| Told::Failed(key, OpError::new(&what).hint(hint.to_string()))),
                );
                continue;
            }
            let mut keys: Vec<TaskKey> = left.keys().copied().collect();
            keys.sort_by_key(|key| left[key].name.clone());
            if end == Some(End::InOrder) {
                self.send(vec![keys], &left, told)?;
                continue;
            }
            let remedy = remedy(&keys, &started, self.elsewhere.rules.retries as usize, &mut self.strikes);
            let on = node.map_or("before it began".to_string(), |node| format!("on {node}"));
            let again: usize = remedy.again.iter().map(Vec::len).sum();
            told.push(Told::Warning(format!(
                "pack {number} was lost {on}: {again} of its tasks are sent again, {} given up",
                remedy.given_up.len()
            )));
            for key in remedy.given_up {
                let times = self.strikes.get(&key).copied().unwrap_or_default();
                let what = format!("its process ended without a word, {times} times");
                let hint = format!("what it printed: hspipe jobs log '{}'", left[&key].name);
                let mut error = OpError::new(what).hint(hint);
                let tail = folder.log_tail(number, 3);
                if !tail.is_empty() {
                    error = error.because(std::io::Error::other(tail.join("\n")));
                }
                told.push(Told::Failed(key, error));
            }
            self.send(remedy.again, &left, told)?;
        }
        Ok(())
    }

    /// Divides the tasks that wait into packs.
    fn pack(&mut self, told: &mut Vec<Told>) -> Result<(), AwayError> {
        let rules = &self.elsewhere.rules;
        let waiting = std::mem::take(&mut self.waiting);
        let parcels: Vec<Parcel> = waiting.iter().map(|(parcel, _)| *parcel).collect();
        let mut errands: HashMap<_, Errand> =
            waiting.into_iter().map(|(parcel, errand)| (parcel.task, errand)).collect();
        let packs = packs(&parcels, rules);
        let of = |pack: Vec<Parcel>| pack.iter().filter_map(|parcel| errands.remove(&parcel.task)).collect();
        let packs: Vec<Vec<Errand>> = packs.into_iter().map(of).collect();
        self.put(packs, told)
    }

    /// Packs of tasks that were lost.
    fn send(
        &mut self,
        packs: Vec<Vec<TaskKey>>,
        errands: &HashMap<TaskKey, Errand>,
        told: &mut Vec<Told>,
    ) -> Result<(), AwayError> {
        let of =
            |pack: &Vec<TaskKey>| -> Vec<Errand> { pack.iter().map(|key| errands[key].clone()).collect() };
        let packs: Vec<Vec<Errand>> = packs.iter().map(of).collect();
        self.put(packs, told)
    }

    /// Writes packs down and orders them.
    fn put(&mut self, packs: Vec<Vec<Errand>>, told: &mut Vec<Told>) -> Result<(), AwayError> {
        if packs.is_empty() {
            return Ok(());
        }
        let own = self.own_folder()?;
        let folder = self.folders[own].folder.clone();
        let rules = &self.elsewhere.rules;
        let (first, tasks) = (self.next_number, packs.iter().map(Vec::len).sum());
        let limit = packs.iter().map(|pack| time_limit(pack, rules)).max().unwrap_or_default();
        told.push(Told::Sent { packs: packs.len(), tasks });
        for tasks in packs {
            let seconds = tasks.iter().map(|errand| errand.seconds).sum();
            let pack = Pack { hspipe: self.version.to_string(), threads: rules.threads, seconds, tasks };
            folder.put_pack(self.next_number, &pack)?;
            self.packs.push(Open::new(&folder, self.next_number, pack.tasks));
            self.next_number += 1;
        }
        self.orders.push((first, self.next_number - 1, limit));
        Ok(())
    }

    fn own_folder(&mut self) -> Result<usize, StoreError> {
        if let Some(own) = self.own {
            return Ok(own);
        }
        let Elsewhere { executor, root, targets, .. } = self.elsewhere;
        let state = State {
            executor: executor.clone(),
            hspipe: self.version.to_string(),
            root: root.clone(),
            targets: targets.clone(),
            at: now(),
            arrays: Vec::new(),
        };
        let folder = Folder::create(self.store, &state)?;
        let own = self.know(folder, state);
        self.own = Some(own);
        Ok(own)
    }

    /// Gives the engine the next order, one at a time.
    fn order(&mut self) {
        let Some(own) = self.own else { return };
        if self.is_ordering || self.orders.is_empty() || Instant::now() < self.next_order {
            return;
        }
        let (first, last, time_limit) = self.orders.remove(0);
        self.is_ordering = true;
        let folder = self.folders[own].folder.path().to_path_buf();
        self.caller.ask(Ask::Submit { folder, first, last, time_limit });
    }
}
