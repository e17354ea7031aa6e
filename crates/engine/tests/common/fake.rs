//! Ops made up from what a pipeline asks of them, which log what they are handed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hspipe_engine::op::{
    AnyOp, Bound, BoundTask, Capacity, Cost, InputDecl, OpError, Outputs, ParamDecl, ParamError, Reads,
    Registry, any, many, one, optional,
};
use hspipe_engine::spec::{Spec, StageSpec};
use hspipe_engine::value::{Value, canonical};

/// Axes that are also parameters of the fake ops that have them. Other axes enter a key by seeds
/// and inputs only.
const PARAM_AXES: [&str; 7] = ["dataset", "strategy", "noise_ratio", "fail", "unread", "needed", "level"];

/// What one task gave its op: all that its result may depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub op: String,
    pub params: String,
    pub inputs: String,
    pub seed: Option<u32>,
}

/// Every batch that the fake ops were handed.
#[derive(Default)]
pub struct Log(Mutex<Vec<Vec<Work>>>);

impl Log {
    pub fn batches(&self) -> Vec<Vec<Work>> {
        self.0.lock().unwrap().clone()
    }

    /// How many tasks ran.
    pub fn tasks(&self) -> usize {
        self.batches().iter().map(Vec::len).sum()
    }
}

/// An op made up from what the stages that name it use: their inputs, axes, parameters and tables.
///
/// Its tables are a hash of all that went in, but for two parameters: `constant` is the content of
/// every table, or in a map that of some; `fail` makes it fail `by error` or `by panic`.
struct FakeOp {
    name: String,
    inputs: Vec<InputDecl>,
    outputs: Vec<&'static str>,
    params: Vec<&'static str>,
    seeded: bool,
    batch: usize,
    log: Arc<Log>,
}

impl FakeOp {
    fn work(&self, task: &BoundTask) -> Work {
        let tables = self.inputs.iter().flat_map(|input| {
            task.inputs
                .many(input.name)
                .iter()
                .map(move |table| (input.name, &table.coords, table.digest.hex()))
        });
        Work {
            op: self.name.clone(),
            params: canonical(&task.params.value),
            inputs: format!("{:?}", tables.collect::<Vec<_>>()),
            seed: task.seed.as_ref().map(|seed| seed.draw(0)),
        }
    }

    fn run(&self, task: &BoundTask) -> Result<Outputs, OpError> {
        for table in self.inputs.iter().flat_map(|input| task.inputs.many(input.name)) {
            table.read()?;
        }
        match task.params.value.get("fail") {
            Some(how) if how == "by error" => return Err(OpError::new("told to fail")),
            Some(how) if how == "by panic" => panic!("told to panic"),
            _ => {}
        }
        let content = |table: &str| match task.params.value.get("constant") {
            Some(Value::Object(some)) if some.contains_key(table) => canonical(&some[table]),
            Some(Value::Object(_)) | None => format!("{:?}", self.work(task)),
            Some(all) => canonical(all),
        };
        Ok(self.outputs.iter().map(|table| (*table, format!("{table} {}", content(table)).into())).collect())
    }
}

impl AnyOp for FakeOp {
    fn name(&self) -> &str {
        &self.name
    }
    fn version(&self) -> u32 {
        1
    }
    fn inputs(&self) -> &[InputDecl] {
        &self.inputs
    }
    fn outputs(&self) -> &[&'static str] {
        &self.outputs
    }
    fn seeded(&self) -> bool {
        self.seeded
    }
    /// Two parameters name an input that is never, and one that is always read.
    fn reads(&self, params: &Bound, input: &str) -> Reads {
        let names = |param: &str| params.value.get(param).is_some_and(|name| name == input);
        match (names("unread"), names("needed")) {
            (true, _) => Reads::Never,
            (_, true) => Reads::Always,
            _ => Reads::IfGiven,
        }
    }
    fn capacity(&self, _: &Bound) -> Capacity {
        Capacity { batch: self.batch, threads: 4 }
    }
    /// Ops that draw are the costly ones.
    fn cost(&self, _: &Bound) -> Cost {
        if self.seeded { Cost { networks: 1, seconds: 30.0, bytes: 1000 } } else { Cost::default() }
    }
    fn cost_recorded(&self, params: &Value) -> Option<Cost> {
        Some(self.cost(&Bound::new(params.clone())))
    }
    fn params(&self) -> Vec<ParamDecl> {
        let depth = |name: &str| if ["layers", "hidden"].contains(&name) { 1 } else { 0 };
        self.params
            .iter()
            .map(|name| ParamDecl { name, depth: depth(name), is_text: *name == "level" })
            .collect()
    }
    fn bind(&self, params: Value) -> Result<Bound, ParamError> {
        Ok(Bound::new(params))
    }
    fn run_batch(&self, tasks: &[BoundTask], _: usize) -> Vec<Result<Outputs, OpError>> {
        self.log.0.lock().unwrap().push(tasks.iter().map(|task| self.work(task)).collect());
        tasks.iter().map(|task| self.run(task)).collect()
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

/// Ops that fit every stage of `spec`, and the log of what they are handed. Inputs take many
/// tables, or any or none where another stage of the op lacks them, or at most one where `when` stands, or exactly one
/// where `ones` names the op and the input.
pub fn fake_ops(spec: &Spec, batch: usize, ones: &[(&str, &str)]) -> (Registry, Arc<Log>) {
    let log = Arc::new(Log::default());
    let mut registry = Registry::default();
    let names: BTreeSet<&str> = spec.stages.iter().map(|stage| stage.op.text.as_str()).collect();
    for name in names {
        let stages: Vec<&StageSpec> = spec.stages.iter().filter(|stage| stage.op.text == name).collect();
        let mut inputs: Vec<InputDecl> = Vec::new();
        for (input, of) in stages.iter().flat_map(|stage| &stage.inputs) {
            if !inputs.iter().any(|seen| seen.name == input.text) {
                let is_given =
                    |stage: &&StageSpec| stage.inputs.iter().any(|(given, _)| given.text == input.text);
                let declare = match (ones.contains(&(name, &input.text)), of.when.is_empty()) {
                    (true, _) => one,
                    (false, true) if stages.iter().all(is_given) => many,
                    (false, true) => any,
                    (false, false) => optional,
                };
                inputs.push(declare(leak(&input.text)));
            }
        }
        let axes = stages.iter().flat_map(|stage| &stage.axes).map(|(axis, _)| axis.text.as_str());
        let mut params: BTreeSet<&str> = axes.filter(|axis| PARAM_AXES.contains(axis)).collect();
        params.extend(stages.iter().flat_map(|stage| &stage.params).map(|(param, _)| param.text.as_str()));
        registry.add(FakeOp {
            name: name.to_string(),
            inputs,
            outputs: tables(spec, &stages),
            params: params.into_iter().map(leak).collect(),
            seeded: stages.iter().any(|stage| stage.seed_by.is_some()),
            batch,
            log: log.clone(),
        });
    }
    (registry, log)
}

/// The tables of `stages` that the pipeline reads by name, or one called `out`.
fn tables(spec: &Spec, stages: &[&StageSpec]) -> Vec<&'static str> {
    let read = spec.stages.iter().flat_map(|reader| reader.inputs.iter().map(|(_, input)| &input.from));
    let all = read.chain(spec.results.iter().flat_map(|result| &result.of));
    let of_stages = all.filter(|from| stages.iter().any(|stage| stage.name.text == from.stage.text));
    let tables: BTreeSet<&str> = of_stages.filter_map(|from| from.table.as_deref()).collect();
    if tables.is_empty() { vec!["out"] } else { tables.into_iter().map(leak).collect() }
}
