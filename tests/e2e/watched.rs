//! A run in the background that a test follows by what the run does: its events and its files. So whatever is done to it
//! is done at a moment of the run, on a slow machine as on a fast one, and nothing counts by the clock.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

pub struct Watched {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
}

impl Watched {
    pub fn start(mut command: Command) -> Watched {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        Watched { child, said }
    }

    /// Waits until the run has said so many lines, each an event with `--log-format json`; false if it is over before.
    pub fn says(&mut self, lines: usize) -> bool {
        (0..lines).all(|_| self.said.next().is_some())
    }

    /// Waits until something is so; false if the run is over before.
    pub fn until(&mut self, mut is_so: impl FnMut() -> bool) -> bool {
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if is_so() {
                return true;
            }
            // To leave the run its share of the cores.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills the run; whether it was still at work. One that was over before must have ended well.
    #[cfg(unix)]
    pub fn kill(mut self) -> bool {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        let was_killed = std::os::unix::process::ExitStatusExt::signal(&status).is_some();
        let said: Vec<String> = self.said.map_while(Result::ok).collect();
        assert!(was_killed || status.success(), "{status}: {}", said.join("\n"));
        was_killed
    }

    /// As Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end: how it ended, and what else it said.
    pub fn end(mut self) -> (ExitStatus, String) {
        let said: Vec<String> = self.said.map_while(Result::ok).collect();
        (self.child.wait().unwrap(), said.join("\n"))
    }
}
