//! What an op tells people while it works, such as what it downloads.
//!
//! In: a line of text. Out: the same, to whoever listens to the run. No result may depend on it.

type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// The notes of one task.
#[derive(Default)]
pub struct Notes(Option<Listener>);

impl Notes {
    pub(crate) fn to(listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Notes(Some(Box::new(listener)))
    }

    /// Tells one line.
    pub fn tell(&self, line: &str) {
        if let Some(listener) = &self.0 {
            listener(line);
        }
    }
}
