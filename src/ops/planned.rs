//! Ops that pipeline.yaml already names and that are not built yet. They say so when run.
//!
//! Their stages expand, so that the whole graph of the paper can be listed, drawn and counted.

use hspipe_engine::Value;
use hspipe_engine::op::{
    AnyOp, Bound, BoundTask, Capacity, InputDecl, OpError, Outputs, ParamError, Registry, many, one,
};

struct Planned {
    name: &'static str,
    inputs: &'static [InputDecl],
    outputs: &'static [&'static str],
    params: &'static [&'static str],
    seeded: bool,
}

pub fn add_to(ops: &mut Registry) {
    const TRAINING: &[&str] = &["network", "hidden", "epochs", "learning_rate", "trainer", "device"];
    let planned = [
        Planned {
            name: "split",
            inputs: const { &[one("samples"), one("hard")] },
            outputs: &["split"],
            params: &["reduce", "train_ratio", "remaining_ratio"],
            seeded: true,
        },
        Planned {
            name: "retrain",
            inputs: const { &[one("images"), one("samples"), one("normalisation"), one("classes"), one("split")] },
            outputs: &["member", "metrics"],
            params: TRAINING,
            seeded: true,
        },
        Planned {
            name: "retrain_summary",
            inputs: const { &[many("metrics")] },
            outputs: &["retrain_summary"],
            params: &[],
            seeded: false,
        },
    ];
    for op in planned {
        ops.add(op);
    }
}

impl AnyOp for Planned {
    fn name(&self) -> &str {
        self.name
    }

    fn version(&self) -> u32 {
        0
    }

    fn inputs(&self) -> &[InputDecl] {
        self.inputs
    }

    fn outputs(&self) -> &[&'static str] {
        self.outputs
    }

    fn seeded(&self) -> bool {
        self.seeded
    }

    fn capacity(&self, _: &Bound) -> Capacity {
        Capacity::SINGLE
    }

    fn params(&self) -> Vec<&'static str> {
        self.params.to_vec()
    }

    fn bind(&self, params: Value) -> Result<Bound, ParamError> {
        Ok(Bound::new(params))
    }

    fn is_planned(&self) -> bool {
        true
    }

    fn run_batch(&self, tasks: &[BoundTask], _: usize) -> Vec<Result<Outputs, OpError>> {
        tasks.iter().map(|_| Err(OpError::new(format!("the op `{}` is not built yet", self.name)))).collect()
    }
}
