//! What can go wrong with a cache elsewhere, in words for people.

use hspipe_engine::store::StoreError;

/// What a cache elsewhere did not do.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is no such object.
    #[error("{remote} has no {name}")]
    Missing {
        /// The cache.
        remote: String,
        /// The object's name.
        name: String,
    },
    /// It cannot be reached, or refuses.
    #[error("{remote} cannot be {action}")]
    Failed {
        /// The cache.
        remote: String,
        /// What was tried, as a participle.
        action: &'static str,
        /// What its library says.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to do.
        hint: Option<String>,
        /// Whether nobody answers there.
        is_away: bool,
    },
    /// The cache of this machine.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect: an index that cannot be written.
    #[error("an index cannot be written")]
    Index(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RemoteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            RemoteError::Failed { hint: Some(hint), .. } => Some(hint),
            RemoteError::Failed { is_away: true, .. } => {
                Some("look at the address, at the variables that name a server, and at the network")
            }
            _ => None,
        }
    }

    /// Whether nobody answers there, so that there is no use in asking for other things.
    pub fn is_away(&self) -> bool {
        matches!(self, RemoteError::Failed { is_away: true, .. })
    }

    /// The whole of it on one line.
    pub fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            // Some libraries say in each error what led to it.
            let text = error.to_string();
            if !line.contains(&text) {
                line += &format!(": {text}");
            }
            cause = error.source();
        }
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
