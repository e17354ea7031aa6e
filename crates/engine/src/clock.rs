//! The time of day, for records: no key and no result depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, UTC; 0 if the clock is set before.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
