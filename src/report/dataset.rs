//! A dataset as sections show it: the names of its classes, and its samples as pictures.
//!
//! In: tables of `load`. Must not know which samples are shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hspipe_engine::graph::TaskId;

use super::Scope;
use crate::figures::{Levels, Raster};
use crate::tables::{Classes, Images};

/// Pixels of the longer side of a picture, about.
const SIDE: usize = 84;

/// The datasets of several tasks, each read once.
#[derive(Default)]
pub struct Datasets(HashMap<Option<TaskId>, Dataset>);

impl Datasets {
    /// That of a task that reads `classes`.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn of(&mut self, scope: &Scope, task: TaskId) -> anyhow::Result<&Dataset> {
        let load = scope.reads(task, "classes").into_iter().next();
        Ok(match self.0.entry(load) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Dataset::read(scope, load)?),
        })
    }
}

/// What is known of a dataset.
pub struct Dataset {
    images: Option<Images>,
    /// How its pixels are drawn.
    pub levels: Option<Levels>,
    /// Of the classes.
    names: Vec<String>,
}

impl Dataset {
    fn read(scope: &Scope, load: Option<TaskId>) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset { images: None, levels: None, names: Vec::new() };
        if let Some(load) = load {
            dataset.images = scope.table(load, "images", Images::read)?;
            dataset.levels = dataset.images.as_ref().map(|images| Levels::of(images.pixels.iter()));
            if let Some(classes) = scope.table(load, "classes", Classes::read)? {
                dataset.names = classes.name.to_vec();
            }
        }
        Ok(dataset)
    }

    /// The name of a class; its number if it has none.
    pub fn class(&self, class: i32) -> String {
        let name = usize::try_from(class).ok().and_then(|class| self.names.get(class));
        name.cloned().unwrap_or_else(|| class.to_string())
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
