//! Which tasks are worth a journey, and how they are divided into packs.
//!
//! In: tasks that can start, each with its stage, its batch group and what it will take. Out: those
//! that go, and packs of them. Pure: no clock, no files.

use std::collections::BTreeMap;
use std::time::Duration;

use super::folder::Errand;
use super::queue::Rules;
use crate::graph::{StageId, TaskId};
use crate::key::BatchGroup;

/// A task that could be computed on another machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Parcel {
    pub task: TaskId,
    pub stage: StageId,
    pub group: BatchGroup,
    /// How many of its group its op takes at once.
    pub batch: usize,
    /// Seconds of work on one core.
    pub seconds: f64,
}

/// Those that go: what takes long by itself, and what does with others of its stage.
pub(crate) fn worth_a_journey(parcels: &[Parcel], rules: &Rules) -> Vec<Parcel> {
    let mut of_stage: BTreeMap<StageId, f64> = BTreeMap::new();
    for parcel in parcels {
        *of_stage.entry(parcel.stage).or_default() += parcel.seconds;
    }
    let goes = |parcel: &&Parcel| {
        parcel.seconds > rules.task_over.as_secs_f64()
            || of_stage[&parcel.stage] > rules.group_over.as_secs_f64()
    };
    parcels.iter().filter(goes).copied().collect()
}

/// Seconds of work on one core that make a pack: a quarter of a slot's share, so that slots which are
/// done early find more, within what a job should take.
pub(crate) fn pack_seconds(work: f64, rules: &Rules) -> f64 {
    let threads = rules.threads.max(1) as f64;
    let (least, most) = (rules.least.as_secs_f64() * threads, rules.most.as_secs_f64() * threads);
    (work / (4.0 * rules.slots.max(1) as f64)).max(least).min(most.max(least))
}

/// The parcels in packs of about the same work. Tasks that their op takes at once stay together, in
/// their order.
pub(crate) fn packs(parcels: &[Parcel], rules: &Rules) -> Vec<Vec<Parcel>> {
    let units = units(parcels);
    let work: f64 = parcels.iter().map(|parcel| parcel.seconds).sum();
    let count = (work / pack_seconds(work, rules)).ceil().max(1.0);
    let target = work / count;
    let (mut packs, mut filled): (Vec<Vec<Parcel>>, f64) = (Vec::new(), 0.0);
    for unit in units {
        let seconds: f64 = unit.iter().map(|parcel| parcel.seconds).sum();
        // The unit goes where most of it falls.
        let is_full = filled > 0.0 && filled + seconds / 2.0 > target;
        match packs.last_mut().filter(|_| !is_full) {
            Some(pack) => pack.extend(unit),
            None => {
                packs.push(unit);
                filled = 0.0;
            }
        }
        filled += seconds;
    }
    packs
}

/// Tasks that one call of their op computes.
fn units(parcels: &[Parcel]) -> Vec<Vec<Parcel>> {
    let mut units: Vec<Vec<Parcel>> = Vec::new();
    // The unit of each group that has room.
    let mut open: Vec<(BatchGroup, usize)> = Vec::new();
    for parcel in parcels {
        let place = open.iter().position(|(group, _)| *group == parcel.group);
        match place {
            Some(place) => {
                let unit = &mut units[open[place].1];
                unit.push(*parcel);
                if unit.len() >= parcel.batch {
                    open.swap_remove(place);
                }
            }
            None => {
                if parcel.batch > 1 {
                    open.push((parcel.group, units.len()));
                }
                units.push(vec![*parcel]);
            }
        }
    }
    units
}

/// How long a pack may take: so many times its estimate, and never so little that starting the
/// program counts.
pub(crate) fn time_limit(pack: &[Errand], rules: &Rules) -> Duration {
    let seconds: f64 = pack.iter().map(|errand| errand.seconds).sum();
    let longest = pack.iter().map(|errand| errand.seconds).fold(0.0, f64::max);
    let estimate = (seconds / rules.threads.max(1) as f64).max(longest);
    let limit = estimate * rules.time_limit.max(1.0);
    Duration::from_secs_f64(limit.clamp(600.0, 30.0 * 86400.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Id;
    use crate::key::Manifest;

    fn rules(slots: usize) -> Rules {
        let seconds = Duration::from_secs;
        Rules {
            slots,
            threads: 2,
            least: seconds(60),
            most: seconds(1800),
            time_limit: 3.0,
            task_over: seconds(5),
            group_over: seconds(60),
            retries: 3,
            poll: seconds(15),
            lost_after: seconds(90),
        }
    }

    /// A task of a group that is named by a number.
    fn parcel(task: usize, group: u32, batch: usize, seconds: f64) -> Parcel {
        let manifest = Manifest {
            op: "o".into(),
            version: group,
            params: 0.into(),
            seed: None,
            inputs: BTreeMap::new(),
        };
        let stage = StageId::at(group as usize);
        Parcel { task: TaskId::at(task), stage, group: manifest.batch_group(), batch, seconds }
    }

    fn errands(count: usize, seconds: f64) -> Vec<Errand> {
        let manifest =
            Manifest { op: "o".into(), version: 1, params: 0.into(), seed: None, inputs: BTreeMap::new() };
        vec![Errand { name: "task".into(), key: manifest.key(), manifest, seconds }; count]
    }

    fn tasks(packs: &[Vec<Parcel>]) -> Vec<Vec<usize>> {
        packs.iter().map(|pack| pack.iter().map(|parcel| parcel.task.index()).collect()).collect()
    }

    #[test]
    fn what_takes_long_goes_alone_or_with_its_stage() {
        let long = parcel(0, 0, 1, 6.0);
        let short = parcel(1, 0, 1, 5.0);
        let many: Vec<Parcel> = (2..9).map(|task| parcel(task, 1, 1, 10.0 / 1.1)).collect();
        let all = [&[long, short][..], &many].concat();
        let gone: Vec<usize> =
            worth_a_journey(&all, &rules(1)).iter().map(|parcel| parcel.task.index()).collect();
        assert_eq!(gone, [0, 2, 3, 4, 5, 6, 7, 8], "63 s together; 11 s are not worth it");
    }

    #[test]
    fn a_pack_is_a_quarter_of_a_slots_share_within_bounds() {
        // 100,000 s over 4 x 100 quarters.
        assert_eq!(pack_seconds(100_000.0, &rules(100)), 250.0);
        assert_eq!(pack_seconds(100.0, &rules(100)), 120.0, "a minute of two threads");
        assert_eq!(pack_seconds(1e9, &rules(1)), 3600.0);
    }

    #[test]
    fn networks_of_a_group_stay_together() {
        // 20 networks of 60 s in groups of 8: three units of 480, 480 and 240 s; a pack is 120 s at least.
        let parcels: Vec<Parcel> = (0..20).map(|task| parcel(task, 0, 8, 60.0)).collect();
        let packs = packs(&parcels, &rules(100));
        let whole: Vec<Vec<usize>> = vec![(0..8).collect(), (8..16).collect(), (16..20).collect()];
        assert_eq!(tasks(&packs), whole);
        let limit = |count, seconds| time_limit(&errands(count, seconds), &rules(1)).as_secs();
        assert_eq!(limit(8, 60.0), 720, "480 s on two threads, thrice");
        assert_eq!(limit(1, 1.0), 600);
    }

    #[test]
    fn packs_hold_everything_once_and_are_about_equal() {
        let parcels: Vec<Parcel> = (0..1000).map(|task| parcel(task, task as u32 % 7, 1, 1.0)).collect();
        let rules = Rules { least: Duration::from_secs(10), ..rules(5) };
        let packs = packs(&parcels, &rules);
        assert_eq!(packs.len(), 20);
        assert!(packs.iter().all(|pack| pack.len() == 50), "{:?}", tasks(&packs));
        assert_eq!(tasks(&packs).concat(), (0..1000).collect::<Vec<_>>());
    }
}
