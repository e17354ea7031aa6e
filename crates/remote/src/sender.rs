//! What is computed, sent in the background.
//!
//! In: records, as they are stored. Out: packs and indexes, each once there is enough for one or
//! something has waited for long. A kill loses nothing but that it is sent: `push` does so later.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hspipe_engine::store::Record;

use crate::pack;
use crate::remote::Remote;

/// How long a result waits for others to be sent with.
const LONG: Duration = Duration::from_secs(300);

/// A thread that sends.
pub struct Sender {
    to: mpsc::Sender<Record>,
    thread: JoinHandle<()>,
}

impl Sender {
    pub fn start(remote: Arc<Remote>) -> Sender {
        let (to, from) = mpsc::channel();
        Sender { to, thread: std::thread::spawn(move || gather(&remote, &from)) }
    }

    /// Takes what has been computed.
    pub fn offer(&self, record: &Record) {
        // Once the thread has given up nobody listens.
        let _ = self.to.send(record.clone());
    }

    /// Sends what is left.
    pub fn finish(self) {
        drop(self.to);
        let _ = self.thread.join();
    }
}

/// Gathers and sends until nothing more comes, or something cannot be sent.
fn gather(remote: &Remote, from: &mpsc::Receiver<Record>) {
    let (mut records, mut bytes, mut since): (Vec<Record>, u64, Instant) = (Vec::new(), 0, Instant::now());
    loop {
        let left = if records.is_empty() { LONG } else { LONG.saturating_sub(since.elapsed()) };
        let next = from.recv_timeout(left);
        let is_end = matches!(next, Err(RecvTimeoutError::Disconnected));
        if let Ok(record) = next {
            if records.is_empty() {
                since = Instant::now();
            }
            let is_new = |digest| !remote.catalogue.has(digest);
            bytes += record.outputs.iter().filter(|o| is_new(&o.digest)).map(|o| o.bytes).sum::<u64>();
            records.push(record);
            if bytes < pack::ENOUGH && since.elapsed() < LONG {
                continue;
            }
        }
        if !records.is_empty()
            && !remote.is_down()
            && let Err(error) = remote.send(&records)
        {
            remote.warn_of(&error, "what this run computes is not sent; `hspipe cache push` sends it later");
            return;
        }
        if is_end {
            return;
        }
        (records, bytes) = (Vec::new(), 0);
    }
}
