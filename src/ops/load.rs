//! load: a dataset's files -> images or features, labels, class names. Next: `subset`.
//!
//! Its key holds the checksums of the raw files, never their place: a dataset is the same wherever it lies.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task};

use super::datasets::{Datasets, Params};
use crate::data;
use crate::tables::{Classes, Features, Images, Labels, Vectors};

pub struct Load {
    pub datasets: Arc<Datasets>,
}

impl Op for Load {
    type Params = Params;
    const NAME: &'static str = "load";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["images", "labels", "classes"];
    const LOCAL: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        self.datasets.canonical(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        // Nothing is fetched without a word: a run may be the first to ask for the files.
        let samples = self.datasets.load(task.params, &mut |line| task.notes.tell(line))?;
        task.notes.tell(&samples.summary());
        samples.notices.iter().for_each(|notice| task.notes.tell(notice));
        let n = samples.labels.len();
        let label = samples.labels.iter().map(|label| i32::from(*label)).collect();
        let sample_id: Vec<i32> = (0..n as i32).collect();
        let content = match samples.content {
            data::Content::Images(images) => of_images(images, sample_id.clone()).write()?,
            data::Content::Features(features) => of_features(features, sample_id.clone()).write()?,
        };
        let classes = Classes {
            class: (0..samples.classes.len() as i32).collect(),
            name: samples.classes.iter().map(|class| class.name.as_str()).collect(),
        };
        Ok(vec![
            ("images", content),
            ("labels", Labels { sample_id, label }.write()?),
            ("classes", classes.write()?),
        ])
    }
}

fn of_images(images: data::Images, sample_id: Vec<i32>) -> Images {
    let width = images.channels * images.height * images.width;
    let every = |value: usize| vec![value as i32; sample_id.len()];
    Images {
        channels: every(images.channels),
        height: every(images.height),
        width: every(images.width),
        pixels: images.pixels.chunks(width.max(1)).collect(),
        sample_id,
    }
}

fn of_features(features: data::Features, sample_id: Vec<i32>) -> Features {
    let width = features.names.len();
    Features { sample_id, values: Vectors::new(features.values, width) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::content::Content;

    #[test]
    fn what_is_stored_tells_what_it_is() {
        let images = data::Images { pixels: vec![1, 2, 3, 4], channels: 1, height: 1, width: 2 };
        match Content::of(of_images(images, vec![0, 1]).write().unwrap()).unwrap() {
            Content::Images(images) => assert_eq!(images.pixels.get(1), Some(&[3, 4][..])),
            Content::Features(_) => panic!("these are images"),
        }
        let names = vec!["a".to_string(), "b".to_string()];
        let features = data::Features { values: vec![0.5, -2.0, 1e9, 3.0], names };
        match Content::of(of_features(features, vec![0, 1]).write().unwrap()).unwrap() {
            Content::Features(rows) => {
                let mut seen = Vec::new();
                rows.each(|id, values| seen.push((id, values.to_vec()))).unwrap();
                assert_eq!(seen, [(0, vec![0.5, -2.0]), (1, vec![1e9, 3.0])]);
            }
            Content::Images(_) => panic!("these are features"),
        }
    }
}
