//! What a run says to its engine, and hears from it.
//!
//! In: orders, answers. Out: which packs somebody works on. Sends nothing again.

use std::time::{Duration, Instant};

use super::Dispatch;
use crate::away::caller::{Answer, Ask};
use crate::away::elsewhere::AwayError;
use crate::away::open::Told;
use crate::away::queue::{Array, QueueError};

/// How long an engine may be out of reach before the run gives up; its packs go on.
const PATIENCE: Duration = Duration::from_secs(600);

impl Dispatch<'_> {
    /// Asks the engine after the jobs of each folder, when it is time.
    pub(super) fn ask(&mut self) -> Result<(), AwayError> {
        for (of, known) in self.folders.iter_mut().enumerate() {
            let is_due = known.asked.is_none_or(|asked| asked.elapsed() >= self.elsewhere.rules.poll);
            let mut open = self.packs.iter().filter(|pack| pack.folder == known.folder).peekable();
            if known.is_asking || !is_due || open.peek().is_none() {
                continue;
            }
            if known.folder.is_cancelled() {
                return Err(AwayError::Cancelled);
            }
            known.is_gone = known.folder.is_gone();
            let numbers: Vec<usize> = open.map(|pack| pack.number).collect();
            let is_open = |array: &&Array| numbers.iter().any(|number| array.holds(*number));
            let arrays = known.state.arrays.iter().filter(is_open).cloned().collect();
            (known.asked, known.is_asking) = (Some(Instant::now()), true);
            self.caller.ask(Ask::Alive { of, arrays });
        }
        Ok(())
    }

    pub(super) fn hear(&mut self, answer: Answer, told: &mut Vec<Told>) -> Result<(), AwayError> {
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
    pub(super) fn bear(
        &mut self,
        error: QueueError,
        since: Instant,
        told: &mut Vec<Told>,
    ) -> Result<(), AwayError> {
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

    /// Gives the engine the next order, one at a time.
    pub(super) fn order(&mut self) {
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
