//! A score as a parameter: its name in YAML and in keys, the score itself in the program.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{NAMES, Score};

/// A way to find hard samples: by a score.
#[derive(Clone, Copy)]
pub struct Strategy(pub &'static Score);

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for Strategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Score::find(&name).map(Strategy).ok_or_else(|| de::Error::unknown_variant(&name, &NAMES))
    }
}
