//! SLURM: packs as elements of array jobs, by `sbatch`, `squeue` and `scancel`.
//!
//! In: orders and arrays. Out: which elements wait or run. An index is the pack's number within its block of a
//! thousand, since an index may be 1000 at most by default (MaxArraySize), and so that SLURM itself can put it into
//! the name of the pack's log. Knows no tasks.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::{Duration, Instant};

use hspipe_engine::away::{Array, Element, Order, Queue, QueueError};

use super::all_or_none;
use super::amounts::{WARNING, minutes_allowed};
use super::command::{Surroundings, call};
use super::script::{self, Numbers};

/// Packs of one array, at most: the numbers of three digits.
const BLOCK: usize = 1000;

/// Without a controller each program tries for 9 or 18 s and says so; with one that hangs it would wait for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The controller may keep a submission waiting for a while when it is busy.
const PATIENCE_TO_SUBMIT: Duration = Duration::from_secs(90);

/// How long SLURM keeps an element that it has requeued.
const HELD: Duration = Duration::from_secs(120);

/// Seconds that an element must rest. A node remembers by the second when it was told to end a job, and to start it again
/// with a permit from the same second, by a clock that may differ, is refused: the element then counts as failed.
const REST: u64 = 10;

/// What a site asks of each element.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Elements that run at once.
    pub slots: usize,
    /// Cores of each.
    pub cpus: usize,
    /// Its memory in MiB.
    pub memory: u64,
    /// More words for sbatch, which win.
    pub options: Vec<String>,
}

/// The way to SLURM.
pub struct Slurm {
    site: Site,
    surroundings: Surroundings,
    /// Elements that were let go, and when.
    hurried: HashMap<String, Instant>,
}

impl Slurm {
    pub fn new(site: Site, surroundings: Surroundings) -> Self {
        Slurm { site, surroundings, hurried: HashMap::new() }
    }

    fn submit_block(
        &self,
        order: &Order,
        first: usize,
        last: usize,
        slots: usize,
    ) -> Result<Array, QueueError> {
        let base = first / BLOCK * BLOCK;
        let numbers = Numbers { index: "SLURM_ARRAY_TASK_ID", base: base as i64, keeps_log: false };
        let script = script::write(order, (first, last), &numbers, &self.surroundings)?;
        // All on the command line: variables such as SBATCH_TIMELIMIT win over what a script says.
        let mut words: Vec<OsString> = vec!["--parsable".into()];
        words.push(format!("--array={}-{}%{slots}", first - base, last - base).into());
        words.push(format!("--job-name={}", script.name).into());
        words.push(format!("--signal=B:TERM@{}", WARNING.as_secs()).into());
        words.push(format!("--time={}", minutes_allowed(order.time_limit)).into());
        words.push(format!("--cpus-per-task={}", self.site.cpus).into());
        if !self.site.options.iter().any(|option| option.starts_with("--mem")) {
            words.push(format!("--mem={}M", self.site.memory).into());
        }
        words.extend(["--nodes=1", "--ntasks=1", "--requeue", "--open-mode=append"].map(OsString::from));
        words.push(log_of(order, base));
        words.extend(self.site.options.iter().map(OsString::from));
        words.push(script.path.into_os_string());
        let submitted = match call(&self.surroundings, "sbatch", words, PATIENCE_TO_SUBMIT) {
            Ok(ran) if ran.status.success() => id(&ran.out).ok_or_else(|| ran.refusal("sbatch")),
            Ok(ran) => Err(ran.refusal("sbatch")),
            Err(error) => Err(error),
        };
        // The answer may have been lost on its way, and not the question.
        let id = submitted.or_else(|error| match error.may_pass {
            true => self.find(&script.name).ok_or(error),
            false => Err(error),
        })?;
        Ok(Array { id, first, last })
    }

    /// The array of that name, if SLURM has it.
    fn find(&self, name: &str) -> Option<String> {
        let words = ["--noheader", "--format=%F", "--name", name];
        id(&call(&self.surroundings, "squeue", words, PATIENCE).ok()?.out)
    }

    /// An element that lost its node or made room for another job is made to wait for two minutes, most of which there is
    /// no need for. A site may refuse that; then it waits.
    fn hurry(&mut self, elements: Vec<String>) {
        let is_wish = |option: &String| option.starts_with("--begin") || option.starts_with("-b");
        self.hurried.retain(|_, since| since.elapsed() < HELD);
        let held: Vec<String> = elements.into_iter().filter(|it| !self.hurried.contains_key(it)).collect();
        if !held.is_empty() && !self.site.options.iter().any(is_wish) {
            let words =
                ["update".to_string(), format!("JobId={}", held.join(",")), format!("StartTime=now+{REST}")];
            let _ = call(&self.surroundings, "scontrol", words, PATIENCE);
            self.hurried.extend(held.into_iter().map(|element| (element, Instant::now())));
        }
    }
}

impl Queue for Slurm {
    fn submit(&mut self, order: &Order) -> Result<Vec<Array>, QueueError> {
        let blocks: Vec<(usize, usize)> = blocks(order.first, order.last).collect();
        let slots = self.site.slots.div_ceil(blocks.len()).max(1);
        all_or_none(self, blocks, |slurm, first, last| slurm.submit_block(order, first, last, slots))
    }

    fn alive(&mut self, arrays: &[Array]) -> Result<Vec<Element>, QueueError> {
        if arrays.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&str> = arrays.iter().map(|array| array.id.as_str()).collect();
        let words = ["--noheader", "--array", "--format=%F|%K|%t|%N|%r", "--jobs", &ids.join(",")];
        let ran = call(&self.surroundings, "squeue", words, PATIENCE)?;
        if !ran.status.success() {
            // What it says of an array that ended long ago, if it is the only one asked for; of several it says nothing.
            return match ran.err.contains("Invalid job id") {
                true => Ok(Vec::new()),
                false => Err(QueueError { what: format!("squeue: {}", ran.complaint()), may_pass: true }),
            };
        }
        let (elements, held): (Vec<Element>, Vec<Option<String>>) =
            ran.out.lines().filter_map(|line| element(line, arrays)).unzip();
        self.hurry(held.into_iter().flatten().collect());
        Ok(elements)
    }

    fn cancel(&mut self, arrays: &[Array]) -> Result<(), QueueError> {
        if arrays.is_empty() {
            return Ok(());
        }
        let ran = call(&self.surroundings, "scancel", arrays.iter().map(|array| &array.id), PATIENCE)?;
        if ran.status.success() || ran.err.contains("Invalid job id") {
            return Ok(());
        }
        Err(ran.refusal("scancel"))
    }

    fn reason(&mut self, array: &Array, pack: usize) -> Option<String> {
        let job = format!("{}_{}", array.id, pack % BLOCK);
        let shown = call(&self.surroundings, "scontrol", ["--oneliner", "show", "job", &job], PATIENCE);
        shown.ok().and_then(|ran| by_controller(&ran.out)).or_else(|| {
            // The controller forgets a job five minutes after its end. Accounts do not, where a site keeps them.
            let columns = "--format=State,ExitCode,NodeList";
            let words = ["--noheader", "--parsable2", "--allocations", columns, "--jobs", &job];
            by_accounts(&call(&self.surroundings, "sacct", words, PATIENCE).ok()?.out)
        })
    }
}

/// The packs as SLURM takes them: none of these crosses a multiple of a thousand.
fn blocks(first: usize, last: usize) -> impl Iterator<Item = (usize, usize)> {
    let base = |pack: usize| pack / BLOCK * BLOCK;
    (base(first)..=last).step_by(BLOCK).map(move |base| (base.max(first), (base + BLOCK - 1).min(last)))
}

/// `logs/PACK.log`: the thousands by us, the rest by SLURM, whose own last words are in it too.
fn log_of(order: &Order, base: usize) -> OsString {
    let index = if base == 0 { "%a".to_string() } else { format!("{}%3a", base / BLOCK) };
    let mut option = OsString::from("--output=");
    let logs = order.folder.join("logs");
    match logs.to_str() {
        Some(logs) => option.push(logs.replace('%', "%%")),
        None => option.push(logs),
    }
    option.push(format!("/{index}.log"));
    option
}

/// The array's number, which `;` and the name of a cluster may follow.
fn id(out: &str) -> Option<String> {
    let id = out.lines().next()?.split(';').next()?.trim();
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_string())
}

/// A line of squeue: array, index, state, node, why it waits. The second is its name if it is made to wait for a time.
fn element(line: &str, arrays: &[Array]) -> Option<(Element, Option<String>)> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [id, index, state, node, why] = fields.as_slice() else { return None };
    let array = arrays.iter().find(|array| array.id == *id)?;
    let pack = array.first / BLOCK * BLOCK + index.parse::<usize>().ok()?;
    let is_running = !matches!(*state, "PD" | "CF" | "RQ" | "RH" | "RD" | "SE");
    let node = (is_running && !node.is_empty()).then(|| (*node).to_string());
    let held = (*state == "PD" && *why == "BeginTime").then(|| format!("{id}_{index}"));
    Some((Element { pack, is_running, node }, held))
}

/// `NODE_FAIL|0:0|n1`; the last line is of the last try.
fn by_accounts(out: &str) -> Option<String> {
    let fields: Vec<&str> = out.lines().last()?.split('|').collect();
    let [state, code, node] = fields.as_slice() else { return None };
    Some(said(state, code, "", node))
}

/// `JobId=1 ArrayJobId=1 ... JobState=FAILED Reason=NonZeroExitCode ... ExitCode=1:0 ... NodeList=n1 ...`
fn by_controller(out: &str) -> Option<String> {
    let field = |name: &str| {
        out.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let state = field("JobState");
    (!state.is_empty()).then(|| said(state, field("ExitCode"), field("Reason"), field("NodeList")))
}

fn said(state: &str, code: &str, why: &str, node: &str) -> String {
    let mut said = state.to_string();
    // Of a job that has ended it says why it waited before.
    if state == "PENDING" && !why.is_empty() {
        said += &format!(" ({why})");
    }
    match code.split_once(':') {
        Some(("0", "0")) | None => {}
        Some(("0", signal)) => said += &format!(", signal {signal}"),
        Some((code, _)) => said += &format!(", exit code {code}"),
    }
    if !matches!(node, "" | "(null)" | "None assigned") {
        said += &format!(", on {node}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_cut_at_each_thousand() {
        assert_eq!(blocks(0, 999).collect::<Vec<_>>(), [(0, 999)]);
        assert_eq!(blocks(998, 2000).collect::<Vec<_>>(), [(998, 999), (1000, 1999), (2000, 2000)]);
        assert_eq!(blocks(1007, 1007).collect::<Vec<_>>(), [(1007, 1007)]);
    }

    #[test]
    fn a_log_is_called_by_its_pack() {
        let folder = std::path::Path::new("/a%b");
        let order = Order { command: "work", folder, first: 0, last: 0, time_limit: Duration::ZERO };
        assert_eq!(log_of(&order, 0), "--output=/a%%b/logs/%a.log");
        assert_eq!(log_of(&order, 12_000), "--output=/a%%b/logs/12%3a.log");
    }

    #[test]
    fn lines_of_squeue_are_elements() {
        let arrays = [Array { id: "7".into(), first: 1003, last: 1009 }];
        let element = |line| element(line, &arrays);
        let of = |pack, is_running, node: Option<&str>| Element {
            pack,
            is_running,
            node: node.map(str::to_string),
        };
        assert_eq!(element("7|5|R|n1|None"), Some((of(1005, true, Some("n1")), None)));
        assert_eq!(element("7|6|PD||Priority"), Some((of(1006, false, None), None)));
        assert_eq!(element("7|7|PD||BeginTime"), Some((of(1007, false, None), Some("7_7".into()))));
        assert_eq!(element("8|7|R|n1|None"), None, "another's");
        assert_eq!(element("CLUSTER: here"), None);
    }

    #[test]
    fn reasons_are_short() {
        assert_eq!(
            by_accounts("NODE_FAIL|0:0|n1\nOUT_OF_MEMORY|0:9|n2\n").unwrap(),
            "OUT_OF_MEMORY, signal 9, on n2"
        );
        assert_eq!(by_accounts(""), None);
        let shown =
            "JobId=1 JobState=FAILED Reason=NonZeroExitCode ExitCode=134:0 ReqNodeList=(null) NodeList=n1 ";
        assert_eq!(by_controller(shown).unwrap(), "FAILED, exit code 134, on n1");
        let waits = "JobId=1 JobState=PENDING Reason=PartitionTimeLimit ExitCode=0:0 NodeList=(null)";
        assert_eq!(by_controller(waits).unwrap(), "PENDING (PartitionTimeLimit)");
        assert_eq!(by_controller(""), None);
    }
}
