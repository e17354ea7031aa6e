//! Waiting for a program, but not for ever.
//!
//! In: a program that runs. Out: how it ended, or nothing if it had to be killed. Must not know: what it was for.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// Waits for `child` and looks at it every `pause`. One that has not ended after `patience` is killed: none.
///
/// # Errors
/// The system does not say how it ended.
pub fn wait(child: &mut Child, patience: Duration, pause: Duration) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(pause);
    }
}
