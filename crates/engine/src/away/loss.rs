//! What becomes of tasks whose process was lost, so that one which ends every process that computes it
//! fails alone.
//!
//! In: what was left of a pack, what of it was being computed, how often each was lost before.
//! Out: packs to send again, and tasks that are given up. Pure: no clock, no files.

use std::collections::{HashMap, HashSet};

use crate::key::TaskKey;

/// What is done about a lost pack.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// Packs to send again.
    pub again: Vec<Vec<TaskKey>>,
    /// Tasks that are given up.
    pub given_up: Vec<TaskKey>,
}

/// The remedy for a pack that was lost with `left` undone, of which `started` were being computed.
/// `strikes` counts for each task how often it was among these.
pub(crate) fn remedy(
    left: &[TaskKey],
    started: &HashSet<TaskKey>,
    retries: usize,
    strikes: &mut HashMap<TaskKey, usize>,
) -> Remedy {
    let (mut suspects, innocent): (Vec<_>, Vec<_>) =
        left.iter().copied().partition(|key| started.contains(key));
    let mut remedy = Remedy::default();
    if suspects.is_empty() {
        // Nothing had begun: whatever it was, it hits all of them, and dividing them finds nobody.
        suspects = innocent;
        let struck = suspects.iter().map(|key| strike(strikes, *key)).max().unwrap_or(0);
        if struck > retries {
            remedy.given_up = suspects;
        } else if !suspects.is_empty() {
            remedy.again.push(suspects);
        }
        return remedy;
    }
    if !innocent.is_empty() {
        remedy.again.push(innocent);
    }
    let struck = suspects.iter().map(|key| strike(strikes, *key)).max().unwrap_or(0);
    match suspects.as_slice() {
        [alone] if struck > retries => remedy.given_up.push(*alone),
        // The first loss may have been the machine's.
        _ if struck < 2 || suspects.len() == 1 => remedy.again.push(suspects),
        _ => {
            let half = suspects.split_off(suspects.len().div_ceil(2));
            remedy.again.extend([suspects, half]);
        }
    }
    remedy
}

/// One more; how many it has now.
fn strike(strikes: &mut HashMap<TaskKey, usize>, key: TaskKey) -> usize {
    let count = strikes.entry(key).or_default();
    *count += 1;
    *count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn keys(count: u8) -> Vec<TaskKey> {
        (0..count).filter_map(|task| TaskKey::from_hex(&Digest::of(&[task]).hex())).collect()
    }

    /// Sends packs until nothing is left, where `poison` ends each process that begins with it; threads
    /// of a process compute `beside` tasks at once. Returns what was given up and how many processes
    /// were lost.
    fn ends(count: u8, poison: u8, beside: usize, retries: usize) -> (Vec<TaskKey>, usize) {
        let all = keys(count);
        let poison = all[usize::from(poison)];
        let (mut packs, mut strikes) = (vec![all], HashMap::new());
        let (mut given_up, mut lost, mut done) = (Vec::new(), 0, 0);
        while let Some(pack) = packs.pop() {
            match pack.iter().position(|key| *key == poison) {
                None => done += pack.len(),
                Some(place) => {
                    lost += 1;
                    let first = place / beside * beside;
                    let started = pack[first..(first + beside).min(pack.len())].iter().copied().collect();
                    done += first;
                    let remedy = remedy(&pack[first..], &started, retries, &mut strikes);
                    packs.extend(remedy.again);
                    given_up.extend(remedy.given_up);
                }
            }
        }
        assert_eq!(done + given_up.len(), usize::from(count), "each is done or given up");
        (given_up, lost)
    }

    #[test]
    fn a_task_that_ends_its_process_is_given_up_alone() {
        for poison in [0, 7, 19] {
            let (given_up, lost) = ends(20, poison, 1, 3);
            assert_eq!((given_up, lost), (vec![keys(20)[usize::from(poison)]], 4));
            // Of eight at once: twice as they are, then halves of 4, 2 and 1.
            let (given_up, lost) = ends(24, poison, 8, 3);
            assert_eq!((given_up, lost), (vec![keys(24)[usize::from(poison)]], 5));
        }
    }

    #[test]
    fn what_never_begins_is_given_up_together() {
        let all = keys(5);
        let (mut strikes, none) = (HashMap::new(), HashSet::new());
        for _ in 0..3 {
            let remedy = remedy(&all, &none, 3, &mut strikes);
            assert_eq!(remedy, Remedy { again: vec![all.clone()], given_up: Vec::new() });
        }
        assert_eq!(remedy(&all, &none, 3, &mut strikes).given_up, all);
        assert_eq!(remedy(&[], &none, 3, &mut strikes), Remedy::default());
    }

    #[test]
    fn what_had_not_begun_is_not_counted() {
        let all = keys(3);
        let mut strikes = HashMap::new();
        let started = HashSet::from([all[0]]);
        for _ in 0..2 {
            assert_eq!(remedy(&all, &started, 3, &mut strikes).again, [all[1..].to_vec(), vec![all[0]]]);
        }
        assert_eq!(strikes, HashMap::from([(all[0], 2)]));
    }
}
