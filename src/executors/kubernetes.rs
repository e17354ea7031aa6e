//! Kubernetes: an order as one Indexed Job, by `kubectl`.
//!
//! In: orders and arrays. Out: a manifest below the order's folder, and which of its indexes are not completed. Knows no
//! API but what kubectl prints.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hspipe_engine::away::{Array, Element, Order, Queue, QueueError};
use serde_json::{Value, json};

use super::amounts::{WARNING, minutes_allowed};
use super::command::{Ran, Surroundings, call};
use super::script::{self, Numbers};

const PATIENCE: Duration = Duration::from_secs(60);

/// All jobs of hspipe have this label, by which they are listed.
const LABEL: &str = "app.kubernetes.io/managed-by=hspipe";

/// A day after its end a job is forgotten, with its logs.
const KEPT: u64 = 86_400;

/// What a site asks of each pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Pods that run at once.
    pub slots: usize,
    /// Cores of each.
    pub cpus: usize,
    /// Its memory in MiB.
    pub memory: u64,
    pub image: String,
    /// The PersistentVolumeClaim that holds the project.
    pub claim: String,
    /// Where that is mounted, here and in pods.
    pub mount: String,
    /// hspipe in the image; else the running program, which lies on the volume then.
    pub program: Option<String>,
    pub namespace: Option<String>,
}

/// The way to Kubernetes.
pub struct Kubernetes {
    site: Site,
    surroundings: Surroundings,
}

impl Kubernetes {
    pub fn new(site: Site, mut surroundings: Surroundings) -> Self {
        // Where programs and libraries lie is the image's matter.
        surroundings.program = site.program.as_ref().map_or(surroundings.program, Into::into);
        Kubernetes { site, surroundings }
    }

    fn kubectl(&self, words: &[&str]) -> Result<Ran, QueueError> {
        let namespace = self.site.namespace.iter().map(|namespace| format!("--namespace={namespace}"));
        let words = words.iter().map(|word| (*word).to_string()).chain(namespace);
        call(&self.surroundings, "kubectl", words, PATIENCE)
    }

    /// As [`Self::kubectl`], of a command that must succeed; another try may.
    fn ask(&self, words: &[&str]) -> Result<String, QueueError> {
        let ran = self.kubectl(words)?;
        match ran.status.success() {
            true => Ok(ran.out),
            false => Err(QueueError { what: format!("kubectl: {}", ran.complaint()), may_pass: true }),
        }
    }
}

impl Queue for Kubernetes {
    fn submit(&mut self, order: &Order) -> Result<Vec<Array>, QueueError> {
        let Order { first, last, folder, .. } = *order;
        let fails = |what: String| QueueError { what, may_pass: false };
        if !folder.starts_with(&self.site.mount) {
            let (folder, mount) = (folder.display(), &self.site.mount);
            return Err(fails(format!(
                "pods do not see {folder}: it is not below {mount}, the volume's mount"
            )));
        }
        let mut inside = self.surroundings.clone();
        inside.variables.retain(|name, _| name.to_string_lossy().starts_with("HSPIPE_"));
        let numbers = Numbers { index: "JOB_COMPLETION_INDEX", base: first as i64, keeps_log: true };
        let script = script::write(order, (first, last), &numbers, &inside)?;
        // What Kubernetes takes for a name.
        let name = script.name.to_lowercase();
        let manifest = manifest(&self.site, order, &name, &script.path);
        let file = script.path.with_extension("json");
        let text = format!("{manifest:#}\n");
        fs::write(&file, text).map_err(|error| fails(format!("cannot write {}: {error}", file.display())))?;
        let ran = self.kubectl(&["create", "--filename", &file.to_string_lossy()])?;
        match ran.status.success() {
            true => Ok(vec![Array { id: name, first, last }]),
            false => Err(ran.refusal("kubectl")),
        }
    }

    fn alive(&mut self, arrays: &[Array]) -> Result<Vec<Element>, QueueError> {
        if arrays.is_empty() {
            return Ok(Vec::new());
        }
        let jobs = self.ask(&[
            "get",
            "jobs",
            "--selector",
            LABEL,
            "--output",
            "jsonpath={range .items[*]}{.metadata.name}|{.status.completedIndexes}|{.status.failedIndexes}|\
             {.status.conditions[?(@.status==\"True\")].type}{\"\\n\"}{end}",
        ])?;
        let pods = self.ask(&[
            "get",
            "pods",
            "--selector",
            LABEL,
            "--field-selector=status.phase=Running",
            "--output",
            "jsonpath={range .items[*]}{.metadata.labels.job-name}|\
             {.metadata.annotations.batch\\.kubernetes\\.io/job-completion-index}|{.spec.nodeName}{\"\\n\"}{end}",
        ])?;
        Ok(arrays.iter().flat_map(|array| elements(array, &jobs, &pods)).collect())
    }

    fn cancel(&mut self, arrays: &[Array]) -> Result<(), QueueError> {
        if arrays.is_empty() {
            return Ok(());
        }
        let names = arrays.iter().map(|array| array.id.as_str());
        let words = ["delete", "jobs", "--ignore-not-found", "--wait=false"].into_iter().chain(names);
        self.ask(&words.collect::<Vec<_>>()).map(|_| ())
    }

    fn reason(&mut self, array: &Array, pack: usize) -> Option<String> {
        let index = pack.checked_sub(array.first)?;
        let selector = format!("job-name={},batch.kubernetes.io/job-completion-index={index}", array.id);
        let out = self.ask(&[
            "get",
            "pods",
            "--selector",
            &selector,
            "--sort-by=.metadata.creationTimestamp",
            "--output",
            "jsonpath={range .items[*]}{.status.phase} {.status.reason} \
             {.status.containerStatuses[0].state.*.reason} {.spec.nodeName}{\"\\n\"}{end}",
        ]);
        let out = out.ok()?;
        let words: Vec<&str> = out.lines().last()?.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// One job for all packs of an order. An index that fails is not tried again by Kubernetes, since the run does that, but a
/// pod that had to leave its node is.
fn manifest(site: &Site, order: &Order, name: &str, script: &Path) -> Value {
    let (key, value) = LABEL.split_once('=').unwrap_or((LABEL, ""));
    let labels = json!({ key: value });
    let count = order.last - order.first + 1;
    let resources = json!({"cpu": site.cpus, "memory": format!("{}Mi", site.memory)});
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "completionMode": "Indexed",
            "completions": count,
            "parallelism": site.slots.min(count),
            "backoffLimitPerIndex": 0,
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}],
            },
            "ttlSecondsAfterFinished": KEPT,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "restartPolicy": "Never",
                    "activeDeadlineSeconds": minutes_allowed(order.time_limit) * 60,
                    "terminationGracePeriodSeconds": WARNING.as_secs(),
                    "containers": [{
                        "name": "hspipe",
                        "image": site.image,
                        "command": ["/bin/sh", script.to_string_lossy()],
                        "resources": {"requests": resources, "limits": resources},
                        "volumeMounts": [{"name": "project", "mountPath": site.mount}],
                    }],
                    "volumes": [{"name": "project", "persistentVolumeClaim": {"claimName": site.claim}}],
                },
            },
        },
    })
}

/// Those of an array, by lines of jobs (name, indexes that are completed, that failed, conditions that hold) and of pods
/// that run (job, index, node). A job that is not listed is gone.
fn elements(array: &Array, jobs: &str, pods: &str) -> Vec<Element> {
    let job = jobs.lines().find_map(|line| line.strip_prefix(&array.id)?.strip_prefix('|'));
    let Some([completed, failed, conditions]) =
        job.and_then(|job| <[&str; 3]>::try_from(job.split('|').collect::<Vec<_>>()).ok())
    else {
        return Vec::new();
    };
    if conditions.split_whitespace().any(|condition| matches!(condition, "Complete" | "Failed")) {
        return Vec::new();
    }
    let ended: Vec<(usize, usize)> =
        [completed, failed].iter().flat_map(|list| list.split(',')).filter_map(range).collect();
    let node_of = |index: usize| {
        pods.lines().find_map(|line| {
            let mut fields = line.split('|');
            let is_it = fields.next() == Some(&array.id) && fields.next()?.parse() == Ok(index);
            is_it.then(|| fields.next().unwrap_or_default().to_string())
        })
    };
    (0..=array.last - array.first)
        .filter(|index| !ended.iter().any(|(first, last)| (first..=last).contains(&index)))
        .map(|index| {
            let node = node_of(index);
            Element { pack: array.first + index, is_running: node.is_some(), node }
        })
        .collect()
}

/// `3-5` or `7`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site {
            slots: 50,
            cpus: 2,
            memory: 4096,
            image: "example.org/hspipe:0.1.0".into(),
            claim: "study".into(),
            mount: "/study".into(),
            program: Some("/usr/local/bin/hspipe".into()),
            namespace: None,
        }
    }

    #[test]
    fn the_manifest_is_an_indexed_job() {
        let folder = Path::new("/study/cache/jobs/7");
        let order =
            Order { command: "work", folder, first: 3, last: 102, time_limit: Duration::from_secs(1800) };
        let manifest =
            manifest(&site(), &order, "hspipe-7-1f", Path::new("/study/cache/jobs/7/scripts/3-102.sh"));
        let expected = include_str!("../../tests/data/indexed_job.json");
        assert_eq!(format!("{manifest:#}\n"), expected);
    }

    #[test]
    fn what_is_not_completed_waits_or_runs() {
        let array = Array { id: "a".into(), first: 10, last: 15 };
        let element = |pack, node: Option<&str>| Element {
            pack,
            is_running: node.is_some(),
            node: node.map(Into::into),
        };
        let pods = "ab|3|n9\na|3|n1\n";
        let alive = elements(&array, "ab|||\na|0-1,4|2|SuccessCriteriaMet\n", pods);
        assert_eq!(alive, [element(13, Some("n1")), element(15, None)]);
        assert_eq!(elements(&array, "a|||\n", "").len(), 6);
        assert!(elements(&array, "a|0-4|5|Complete\n", "").is_empty());
        assert!(elements(&array, "", pods).is_empty(), "a job that was deleted");
    }
}
