//! load: a dataset's files -> images, labels, class names. Next: `subset`.
//!
//! Its key holds the checksums of the raw files, never their place: a dataset is the same wherever it lies.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task};

use super::datasets::{Datasets, Params};
use crate::data::{self, Folders};
use crate::tables::{Classes, Images, Labels};

pub struct Load {
    pub datasets: Arc<Datasets>,
    pub folders: Folders,
}

impl Op for Load {
    type Params = Params;
    const NAME: &'static str = "load";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["images", "labels", "classes"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        self.datasets.canonical(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let dataset = self.datasets.get(task.params)?;
        // Nothing is fetched without a word: a run may be the first to ask for the files.
        let images = data::load_or_fetch(&dataset, &self.folders, &mut |line| task.notes.tell(line))?;
        let (n, classes) = (images.labels.len(), images.classes());
        let width = images.channels * images.height * images.width;
        let sample_id: Vec<i32> = (0..n as i32).collect();
        let every = |value: usize| vec![value as i32; n];
        let pixels = Images {
            sample_id: sample_id.clone(),
            channels: every(images.channels),
            height: every(images.height),
            width: every(images.width),
            pixels: images.pixels.chunks(width.max(1)).collect(),
        };
        let label = images.labels.iter().map(|label| i32::from(*label)).collect();
        let classes = Classes { class: (0..classes as i32).collect(), name: images.class_names.into() };
        Ok(vec![
            ("images", pixels.write()?),
            ("labels", Labels { sample_id, label }.write()?),
            ("classes", classes.write()?),
        ])
    }
}
