//! How long what is left will take: from what was expected of it, and how fast it has gone so far.
//!
//! In: expected seconds of work, and what is done when. Out: seconds left. Knows no tasks.

use std::time::{Duration, Instant};

/// The pace of a stage or of a whole run.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Seconds of work that are done per second, as long as nothing is done.
    threads: f64,
    start: Option<Instant>,
    /// When work was done last.
    last: Option<Instant>,
    /// Expected seconds of work.
    left: f64,
    done: f64,
}

impl Pace {
    pub fn new(threads: usize) -> Self {
        Pace { threads: threads.max(1) as f64, start: None, last: None, left: 0.0, done: 0.0 }
    }

    /// More to do, before it starts.
    pub fn expect(&mut self, seconds: f64) {
        self.left += seconds;
    }

    pub fn start(&mut self, now: Instant) {
        self.start.get_or_insert(now);
    }

    /// Work of which so many seconds were expected is computed, or has turned out not to be needed.
    pub fn settle(&mut self, expected: f64, is_computed: bool, now: Instant) {
        self.left -= expected;
        if is_computed && expected > 0.0 {
            self.done += expected;
            self.last = Some(now);
        }
    }

    /// None if nothing is known of what is left, or it takes longer than was thought.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let start = self.start?;
        let since = self.last.unwrap_or(start);
        let speed = match since.duration_since(start).as_secs_f64() {
            seconds if self.done > 0.0 && seconds > 0.0 => self.done / seconds,
            _ => self.threads,
        };
        let seconds = self.left / speed - now.duration_since(since).as_secs_f64();
        // Sums of fractions end a little beside nothing.
        Duration::try_from_secs_f64(seconds).ok().filter(|left| left.as_secs_f64() > 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_so_far_tells_what_is_left() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut pace = Pace::new(2);
        assert_eq!(pace.left(at(0)), None);
        (0..4).for_each(|_| pace.expect(30.0));
        pace.start(at(0));
        assert_eq!(pace.left(at(0)), Some(Duration::from_secs(60)), "two threads");
        assert_eq!(pace.left(at(10)), Some(Duration::from_secs(50)));
        pace.settle(30.0, true, at(20));
        assert_eq!(pace.left(at(20)), Some(Duration::from_secs(60)), "30 in 20 s, so 90 in 60 s");
        pace.settle(30.0, false, at(21));
        assert_eq!(pace.left(at(30)), Some(Duration::from_secs(30)), "what is not needed tells no speed");
        pace.settle(60.0, true, at(50));
        assert_eq!(pace.left(at(50)), None);
    }
}
