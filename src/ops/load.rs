//! load: a dataset's files -> images or features, labels, class names. Next: `subset`.
//!
//! Its key holds the checksums of the raw files, never their place: a dataset is the same wherever it lies.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task};

use super::datasets::{Datasets, Params};
use crate::data::{self, Folders};
use crate::tables::{Classes, Features, Images, Labels, Vectors};

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
        let samples = data::load_or_fetch(&dataset, &self.folders, &mut |line| task.notes.tell(line))?;
        let n = samples.labels().len();
        let label = samples.labels().iter().map(|label| i32::from(*label)).collect();
        let names = samples.class_names().to_vec();
        let sample_id: Vec<i32> = (0..n as i32).collect();
        let content = match samples {
            data::Samples::Images(images) => of_images(images, sample_id.clone()).write()?,
            data::Samples::Features(features) => of_features(features, sample_id.clone()).write()?,
        };
        let classes = Classes { class: (0..names.len() as i32).collect(), name: names.into() };
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
    Features { sample_id, values: Vectors::new(features.values, features.width) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::content::Content;

    #[test]
    fn what_is_stored_tells_what_it_is() {
        let (labels, class_names) = (vec![0, 1], vec!["a".to_string(), "b".to_string()]);
        let images = data::Images {
            pixels: vec![1, 2, 3, 4],
            labels: labels.clone(),
            class_names: class_names.clone(),
            channels: 1,
            height: 1,
            width: 2,
        };
        match Content::of(of_images(images, vec![0, 1]).write().unwrap()).unwrap() {
            Content::Images(images) => assert_eq!(images.pixels.get(1), Some(&[3, 4][..])),
            Content::Features(_) => panic!("these are images"),
        }
        let features = data::Features { values: vec![0.5, -2.0, 1e9, 3.0], width: 2, labels, class_names };
        let samples = data::Samples::Features(features);
        assert_eq!((samples.labels(), samples.class_names().len()), (&[0, 1][..], 2));
        let data::Samples::Features(features) = samples else { panic!("these are features") };
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
