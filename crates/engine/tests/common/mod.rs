//! Fake ops for the engine's tests: any stage of any pipeline, counted when it runs.

#![allow(dead_code)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hspipe_engine::graph::Graph;
use hspipe_engine::op::{
    AnyOp, Bound, BoundTask, InputDecl, OpError, Outputs, ParamError, Registry, many, optional,
};
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::value::{Value, canonical};

/// An op made up from what the stages that name it use: their inputs, axes, parameters and tables.
pub struct FakeOp {
    name: String,
    inputs: Vec<InputDecl>,
    outputs: Vec<&'static str>,
    params: Vec<&'static str>,
    seeded: bool,
    batch: usize,
    pub ran: Arc<AtomicUsize>,
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
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
    fn batch(&self) -> usize {
        self.batch
    }
    fn params(&self) -> Vec<&'static str> {
        self.params.clone()
    }
    fn bind(&self, params: Value) -> Result<Bound, ParamError> {
        Ok(Bound::new(params))
    }

    /// The output is a hash of everything that went in, unless a parameter `constant` says otherwise.
    fn run_batch(&self, tasks: &[BoundTask]) -> Vec<Result<Outputs, OpError>> {
        self.ran.fetch_add(tasks.len(), Ordering::SeqCst);
        let run = |task: &BoundTask| {
            if task.params.value.get("fail") == Some(&Value::Bool(true)) {
                return Err(OpError::new("told to fail"));
            }
            let mut text = canonical(&task.params.value);
            if let Some(constant) = task.params.value.get("constant") {
                text = canonical(constant);
            } else {
                if let Some(seed) = &task.seed {
                    text += &format!(" seed {}", seed.draw(0));
                }
                for input in &self.inputs {
                    for table in task.inputs.many(input.name) {
                        text += &format!(" {} {:?} {}", input.name, table.coords, table.read()?.len());
                        text += &table.digest.hex();
                    }
                }
            }
            Ok(self.outputs.iter().map(|table| (*table, format!("{table} {text}").into_bytes())).collect())
        };
        tasks.iter().map(run).collect()
    }
}

/// Ops that fit every stage of `spec`, and the counter of the tasks that they have run.
pub fn fake_ops(spec: &Spec, batch: usize) -> (Registry, Arc<AtomicUsize>) {
    let ran = Arc::new(AtomicUsize::new(0));
    let mut registry = Registry::default();
    let names: BTreeSet<&str> = spec.stages.iter().map(|stage| stage.op.text.as_str()).collect();
    for name in names {
        let stages: Vec<_> = spec.stages.iter().filter(|stage| stage.op.text == name).collect();
        let mut inputs = Vec::new();
        let (mut params, mut tables) = (BTreeSet::new(), BTreeSet::new());
        for stage in &stages {
            for (input, of) in &stage.inputs {
                if !inputs.iter().any(|seen: &InputDecl| seen.name == input.text) {
                    let declare = if of.when.is_empty() { many } else { optional };
                    inputs.push(declare(leak(&input.text)));
                }
            }
            params.extend(stage.params.iter().map(|(param, _)| leak(&param.text)));
            params.extend(["epochs", "strategy", "noise_ratio"]);
            let read =
                spec.stages.iter().flat_map(|reader| reader.inputs.iter().map(|(_, input)| &input.from));
            for reference in read.chain(spec.results.iter().flat_map(|result| &result.of)) {
                if reference.stage.text == stage.name.text {
                    tables.extend(reference.table.as_deref().map(leak));
                }
            }
        }
        let outputs = if tables.is_empty() { vec!["out"] } else { tables.into_iter().collect() };
        registry.add(FakeOp {
            name: name.to_string(),
            inputs,
            outputs,
            params: params.into_iter().collect(),
            seeded: stages.iter().any(|stage| stage.seed_by.is_some()),
            batch,
            ran: ran.clone(),
        });
    }
    (registry, ran)
}

/// The graph of `text` under `sets`, with fake ops.
pub fn graph(text: &str, sets: &[&str]) -> (Spec, Graph, Arc<AtomicUsize>) {
    let spec = Spec::parse(text, "pipeline.yaml").unwrap_or_else(|error| panic!("{error} {:?}", error.hint));
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let settings = Settings::resolve(&spec, None, &sets).unwrap_or_else(|error| panic!("{error}"));
    let (ops, ran) = fake_ops(&spec, 1);
    let graph =
        Graph::expand(&spec, &settings, &ops).unwrap_or_else(|error| panic!("{error} {:?}", error.hint));
    (spec, graph, ran)
}
