//! A dataset as sections show it: the names of its classes, and its samples as pictures, or by what there is to say of them.
//!
//! In: tables of `load`, `subset` and `sources`, and of `recorded_samples`, whose classes go before those of `load`. Must not know which samples are shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hspipe_engine::graph::TaskId;

use super::Scope;
use crate::figures::{Levels, Raster};
use crate::ops::Content;
use crate::tables::{Classes, FeatureNames, Images, Normalisation, SampleTexts};
use crate::telling::{Known, Said};

/// Pixels of the longer side of a picture, about.
const SIDE: usize = 84;

/// Features that are told of a sample.
const FEATURES: usize = 5;

/// The datasets of several tasks, each read once.
#[derive(Default)]
pub struct Datasets(HashMap<[Option<TaskId>; 3], Dataset>);

impl Datasets {
    /// That of a task that reads `classes`.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn of(&mut self, scope: &Scope, task: TaskId) -> anyhow::Result<&Dataset> {
        let of = ["load", "subset", "recorded_samples"].map(|op| scope.upstream(task, op));
        Ok(match self.0.entry(of) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Dataset::read(scope, of, scope.upstream(task, "sources"))?),
        })
    }
}

/// What is known of a dataset.
pub struct Dataset {
    images: Option<Images>,
    /// What there is to say of samples that are no pictures, and the task that has their features.
    known: Option<(TaskId, Known)>,
    /// How its pixels are drawn.
    levels: Option<Levels>,
    /// Of the classes.
    names: Vec<String>,
}

impl Dataset {
    fn read(
        scope: &Scope,
        [load, subset, recorded]: [Option<TaskId>; 3],
        sources: Option<TaskId>,
    ) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset { images: None, known: None, levels: None, names: Vec::new() };
        if let Some(load) = load {
            match scope.table(load, "images", Content::of)? {
                Some(Content::Images(images)) => {
                    dataset.levels = Some(Levels::of(images.pixels.iter()));
                    dataset.images = Some(images);
                }
                Some(Content::Features(_)) => {
                    dataset.known = known(scope, subset, sources)?.map(|known| (load, known));
                }
                None => {}
            }
        }
        if let Some(named_by) = recorded.or(load)
            && let Some(classes) = scope.table(named_by, "classes", Classes::read)?
        {
            dataset.names = classes.name.to_vec();
        }
        Ok(dataset)
    }

    /// The name of a class; its number if it has none.
    pub fn class(&self, class: i32) -> String {
        let name = usize::try_from(class).ok().and_then(|class| self.names.get(class));
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    /// What is to be said of how samples are shown, if anything.
    pub fn note(&self) -> Option<String> {
        const FEATURES: &str = "Of each sample its text, or the features that are furthest from their means: value, and in brackets by \
                                how many standard deviations, over all samples studied.";
        if self.known.is_some() {
            return Some(FEATURES.into());
        }
        self.levels.and_then(Levels::note)
    }

    /// What there is to say of each of these samples; nothing of pictures.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn said(&self, scope: &Scope, ids: &[i32]) -> anyhow::Result<HashMap<i32, Said>> {
        let Some((load, known)) = &self.known else { return Ok(HashMap::new()) };
        let Some(Content::Features(rows)) = scope.table(*load, "images", Content::of)? else {
            return Ok(HashMap::new());
        };
        let features = rows.of(ids)?;
        Ok(features.iter().map(|(id, values)| (*id, known.said(*id, values, FEATURES))).collect())
    }

    /// A sample as PNG; none of samples that are no images.
    pub fn picture(&self, sample_id: i32) -> Option<Vec<u8>> {
        let images = self.images.as_ref()?;
        let row = usize::try_from(sample_id).ok()?;
        let side = |sides: &[i32]| Some(*sides.get(row)?.max(&0) as usize);
        let (channels, height, width) =
            (side(&images.channels)?, side(&images.height)?, side(&images.width)?);
        let bytes = images.pixels.get(row)?;
        // Of another number of channels than grey and colour have, the first is shown.
        let drawn = if channels == 3 { 3 } else { 1 };
        let shown =
            bytes.get(..drawn * height * width).filter(|_| bytes.len() == channels * height * width)?;
        let pixels = self.levels.map_or_else(|| shown.to_vec(), |levels| levels.drawn(shown));
        Raster { channels: drawn, width, height, pixels }.thumbnail(SIDE)
    }
}

/// What is known of features; none if nobody has studied them.
fn known(scope: &Scope, subset: Option<TaskId>, sources: Option<TaskId>) -> anyhow::Result<Option<Known>> {
    let Some(subset) = subset else { return Ok(None) };
    let Some(normalisation) = scope.table(subset, "normalisation", Normalisation::read)? else {
        return Ok(None);
    };
    let (names, texts) = match sources {
        Some(sources) => (
            scope.table(sources, "columns", FeatureNames::read)?,
            scope.table(sources, "texts", SampleTexts::read)?,
        ),
        None => (None, None),
    };
    Ok(Some(Known::of(normalisation, names, texts)))
}
