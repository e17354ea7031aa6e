//! Any engine that takes a command and an index: PBS, LSF, GNU parallel, by commands that the user writes.
//!
//! In: orders and arrays, and three templates of shell commands. Out: which elements wait or run. What the commands
//! print means:
//!
//! - `submit`: its last line is the engine's name for the array.
//! - `list`: a line for each element that waits or runs, `NAME NUMBER STATE NODE`. A state that begins with R runs, any
//!   other waits; state and node may be missing. Lines of other arrays are passed over. It fails if the engine cannot be
//!   reached, and only then.
//! - `cancel`: nothing.
//!
//! Knows no tasks and no engine.

use std::time::Duration;

use hspipe_engine::away::{Array, Element, Order, Queue, QueueError};
use hspipe_engine::names;

use super::all_or_none;
use super::amounts::minutes_allowed;
use super::command::{Ran, Surroundings, call};
use super::script::{self, Numbers, Script, quoted};

/// Names that may stand in `submit`.
pub const OF_SUBMIT: &[&str] =
    &["script", "first", "last", "count", "slots", "folder", "name", "minutes", "seconds", "cpus", "memory"];

/// Names that may stand in `list` and `cancel`.
pub const OF_QUESTIONS: &[&str] = &["ids"];

/// The commands are a site's own, and may ask several machines.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a site's engine is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Elements that run at once.
    pub slots: usize,
    /// Cores of each.
    pub cpus: usize,
    /// Its memory in MiB.
    pub memory: u64,
    pub submit: Template,
    pub list: Template,
    pub cancel: Template,
    /// The variable that holds an element's number.
    pub index: String,
    /// The number of the first element of an array.
    pub first: usize,
    /// Elements of one array, at most.
    pub longest: usize,
}

/// A command of the shell with names in braces that are filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Text, and the name that comes after it.
    parts: Vec<(String, Option<String>)>,
}

impl Template {
    /// Reads a template in which `known` names may stand, and `must` has to.
    ///
    /// # Errors
    /// Another name in braces, or `must` missing: what is wrong, and a hint.
    pub fn read(text: &str, known: &[&str], must: &str) -> Result<Self, (String, Option<String>)> {
        let mut parts = vec![(String::new(), None)];
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            let name = from[1..].split('}').next().unwrap_or_default();
            // `${HOME}` is the shell's, `{ print $1 }` awk's, `{}` that of GNU parallel.
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let is_ours = is_name && from[1..].len() > name.len() && !before.ends_with('$');
            let length = if is_ours { name.len() + 2 } else { 1 };
            if let Some((text, _)) = parts.last_mut() {
                text.push_str(before);
                if !is_ours {
                    text.push('{');
                }
            }
            if is_ours {
                if !known.contains(&name) {
                    let hint = names::hint(name, known.iter().copied()).unwrap_or_default();
                    let hint =
                        format!("{hint} Braces that are not hspipe's have a blank in them: `{{ {name} }}`");
                    return Err((format!("there is no `{{{name}}}` here"), Some(hint)));
                }
                if let Some((_, place)) = parts.last_mut() {
                    *place = Some(name.to_string());
                }
                parts.push((String::new(), None));
            }
            rest = &from[length..];
        }
        if let Some((text, _)) = parts.last_mut() {
            text.push_str(rest);
        }
        if !parts.iter().any(|(_, name)| name.as_deref() == Some(must)) {
            let hint = format!("there are: {}", known.join(", "));
            return Err((format!("`{{{must}}}` is missing in the command"), Some(hint)));
        }
        Ok(Template { parts })
    }

    fn fill(&self, value: impl Fn(&str) -> Vec<u8>) -> std::ffi::OsString {
        let mut command = Vec::new();
        for (text, name) in &self.parts {
            command.extend(text.as_bytes());
            command.extend(name.as_deref().map(&value).unwrap_or_default());
        }
        script::os_string(command)
    }
}

/// The way to such an engine.
pub struct Engine {
    site: Site,
    surroundings: Surroundings,
}

impl Engine {
    pub fn new(site: Site, surroundings: Surroundings) -> Self {
        Engine { site, surroundings }
    }

    fn sh(&self, command: std::ffi::OsString) -> Result<Ran, QueueError> {
        call(&self.surroundings, "sh", ["-c".into(), command], PATIENCE)
    }

    /// A command about arrays.
    fn ask(&self, template: &Template, arrays: &[Array]) -> Result<Ran, QueueError> {
        let ids: Vec<Vec<u8>> = arrays.iter().map(|array| quoted(array.id.as_ref())).collect();
        self.sh(template.fill(|_| ids.join(&b' ')))
    }

    fn submit_part(
        &self,
        order: &Order,
        first: usize,
        last: usize,
        slots: usize,
    ) -> Result<Array, QueueError> {
        let base = first as i64 - self.site.first as i64;
        let numbers = Numbers { index: &self.site.index, base, keeps_log: true };
        let script = script::write(order, (first, last), &numbers, &self.surroundings)?;
        let count = last - first + 1;
        let ran = self.sh(self.site.submit.fill(|name| self.value(name, order, &script, count, slots)))?;
        if !ran.status.success() {
            return Err(ran.refusal("submit"));
        }
        match ran.out.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(id) => Ok(Array { id: id.to_string(), first, last }),
            None => {
                let what = "submit: the command did not print the name of the array".to_string();
                Err(QueueError { what, may_pass: false })
            }
        }
    }

    /// What stands for a name in `submit`, as one word of the shell.
    fn value(&self, name: &str, order: &Order, script: &Script, count: usize, slots: usize) -> Vec<u8> {
        let number = match name {
            "script" => return quoted(script.path.as_os_str()),
            "folder" => return quoted(order.folder.as_os_str()),
            "name" => return script.name.clone().into_bytes(),
            "first" => self.site.first,
            "last" => self.site.first + count - 1,
            "slots" => slots,
            "cpus" => self.site.cpus,
            "memory" => self.site.memory as usize,
            "minutes" => minutes_allowed(order.time_limit) as usize,
            "seconds" => minutes_allowed(order.time_limit) as usize * 60,
            _ => count,
        };
        number.to_string().into_bytes()
    }

    /// A line of `list`.
    fn element(&self, line: &str, arrays: &[Array]) -> Option<Element> {
        arrays.iter().find_map(|array| {
            let rest =
                line.trim().strip_prefix(&array.id).filter(|rest| rest.starts_with(char::is_whitespace))?;
            let mut words = rest.split_whitespace();
            let index = words.next()?.parse::<usize>().ok()?;
            let pack = (array.first + index).checked_sub(self.site.first)?;
            let is_running = words.next().is_some_and(|state| state.starts_with(['R', 'r']));
            let node = words.next().filter(|_| is_running).map(str::to_string);
            (array.first..=array.last).contains(&pack).then_some(Element { pack, is_running, node })
        })
    }
}

impl Queue for Engine {
    fn submit(&mut self, order: &Order) -> Result<Vec<Array>, QueueError> {
        let longest = self.site.longest;
        let slots = self.site.slots.div_ceil((order.last - order.first + 1).div_ceil(longest)).max(1);
        let parts = (order.first..=order.last).step_by(longest);
        let parts = parts.map(|first| (first, (first + longest - 1).min(order.last)));
        all_or_none(self, parts, |engine, first, last| engine.submit_part(order, first, last, slots))
    }

    fn alive(&mut self, arrays: &[Array]) -> Result<Vec<Element>, QueueError> {
        if arrays.is_empty() {
            return Ok(Vec::new());
        }
        let ran = self.ask(&self.site.list, arrays)?;
        if !ran.status.success() {
            return Err(QueueError { what: format!("list: {}", ran.complaint()), may_pass: true });
        }
        Ok(ran.out.lines().filter_map(|line| self.element(line, arrays)).collect())
    }

    fn cancel(&mut self, arrays: &[Array]) -> Result<(), QueueError> {
        if arrays.is_empty() {
            return Ok(());
        }
        let ran = self.ask(&self.site.cancel, arrays)?;
        // Many engines complain of jobs that have ended.
        if ran.status.success() || self.alive(arrays).is_ok_and(|alive| alive.is_empty()) {
            return Ok(());
        }
        Err(ran.refusal("cancel"))
    }

    fn reason(&mut self, _: &Array, _: usize) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn template(text: &str, known: &[&str], must: &str) -> Template {
        Template::read(text, known, must).unwrap()
    }

    #[test]
    fn braces_of_others_stay() {
        let filled = |text: &str| {
            let template = template(text, OF_QUESTIONS, "ids");
            template.fill(|name| format!("<{name}>").into_bytes()).into_string().unwrap()
        };
        assert_eq!(filled("a {ids}b"), "a <ids>b");
        assert_eq!(
            filled("${HOME} ${ids} {} { print $1 } {ids} {"),
            "${HOME} ${ids} {} { print $1 } <ids> {"
        );
        assert_eq!(filled("é{{ids}}"), "é{<ids>}");
        let (what, hint) = Template::read("{id}", OF_QUESTIONS, "ids").unwrap_err();
        assert_eq!(what, "there is no `{id}` here");
        assert!(hint.unwrap().starts_with("did you mean `ids`? Braces"));
        let (what, _) = Template::read("qstat", OF_QUESTIONS, "ids").unwrap_err();
        assert_eq!(what, "`{ids}` is missing in the command");
    }

    /// An engine of two files: one of all elements there are, one of those that were cancelled.
    #[test]
    fn an_order_goes_through_the_commands() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("it's a run");
        fs::create_dir(&folder).unwrap();
        let site = Site {
            slots: 8,
            cpus: 3,
            memory: 512,
            submit: template(
                "cd {folder} && test -f {script} && echo {name} {first} {last} {count} {slots} {minutes} {cpus} {memory} >>asked\n\
                 echo some words; echo \" job $(wc -l <asked) \"; echo",
                OF_SUBMIT,
                "script",
            ),
            list: template(
                "printf '%s\\n' {ids} >'FOLDER/asked_for'; cat 'FOLDER/alive'"
                    .replace("'FOLDER", &quoted_text(&folder))
                    .as_str(),
                OF_QUESTIONS,
                "ids",
            ),
            cancel: template("echo {ids}; exit 1", OF_QUESTIONS, "ids"),
            index: "I".into(),
            first: 1,
            longest: 3,
        };
        let mut engine = Engine::new(site, Surroundings::here().unwrap());
        let order = Order { command: "work", folder: &folder, first: 4, last: 9, time_limit: Duration::ZERO };
        let arrays = engine.submit(&order).unwrap();
        let array = |id: &str, first, last| Array { id: id.into(), first, last };
        assert_eq!(arrays, [array("job 1", 4, 6), array("job 2", 7, 9)]);
        let asked = fs::read_to_string(folder.join("asked")).unwrap();
        assert!(asked.lines().all(|line| line.ends_with(" 1 3 3 4 10 3 512")), "{asked}");

        assert!(engine.alive(&arrays).unwrap_err().may_pass, "list has failed");
        fs::write(folder.join("alive"), "job 1 1 R n1\njob 2 3\njob 2 4 R\njob 11 1 R\nelse\njob 2 2 Q n1\n")
            .unwrap();
        let element = |pack, is_running, node: Option<&str>| Element {
            pack,
            is_running,
            node: node.map(str::to_string),
        };
        let alive = [element(4, true, Some("n1")), element(9, false, None), element(8, false, None)];
        assert_eq!(engine.alive(&arrays).unwrap(), alive);
        assert_eq!(fs::read_to_string(folder.join("asked_for")).unwrap(), "job 1\njob 2\n");
        assert!(engine.cancel(&arrays).is_err());
        fs::write(folder.join("alive"), "").unwrap();
        engine.cancel(&arrays).expect("all have ended");
    }

    /// A path up to its last quote, so that more can be added.
    fn quoted_text(folder: &std::path::Path) -> String {
        let text = String::from_utf8(quoted(folder.as_os_str())).unwrap();
        text[..text.len() - 1].to_string()
    }
}
