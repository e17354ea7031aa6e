//! What `load` stores of samples: images, or features. The two ops that read either begin here.
//!
//! In: the input `images`, whose name stands in every key, whatever it holds. Out: [`Content`]. Must not know what it is read
//! for.

use hspipe_engine::op::{Inputs, OpError};

use crate::tables::{Features, Images, Parts, TableError};

/// A table of samples.
pub enum Content {
    Images(Images),
    Features(FeatureRows),
}

impl Content {
    /// Reads the input `images`.
    pub fn read(inputs: &Inputs) -> Result<Content, OpError> {
        Ok(Self::of(inputs.one("images")?.read()?)?)
    }

    /// Reads the bytes of either table.
    pub fn of(bytes: Vec<u8>) -> Result<Content, TableError> {
        let parts = Parts::read("images", bytes)?;
        if parts.has("values") {
            return Ok(Content::Features(FeatureRows(parts)));
        }
        Ok(Content::Images(Images::of(&parts.whole()?)?))
    }
}

/// Features as they are read, so that a table of 2 GB is not in memory twice.
pub struct FeatureRows(Parts);

impl FeatureRows {
    /// Visits the samples in the order of the table: id, features.
    ///
    /// # Errors
    /// A table that is damaged.
    pub fn each(self, mut visit: impl FnMut(i32, &[f32])) -> Result<(), TableError> {
        for part in self.0 {
            let Features { sample_id, values } = Features::of(&part?)?;
            sample_id.iter().zip(values.iter()).for_each(|(id, values)| visit(*id, values));
        }
        Ok(())
    }
}
