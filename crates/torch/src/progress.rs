//! How far a training by libtorch is, and its state as bytes, so that one that was cut off goes on with the same bits.
//!
//! In: what an epoch has seen, and the tensors that steps change. Out: bytes, and from them the same again. Knows no
//! layers.

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor, no_grad};

use super::search::Search;
use super::values;
use hspipe::nn::dynamics::Watch;
use hspipe::nn::{Job, Schedule};

/// What was seen of a network so far.
#[derive(Serialize, Deserialize)]
pub struct Progress {
    /// The epoch under way.
    pub epoch: u32,
    /// Mini-batches of it that are done, and the sum over their samples of the losses.
    pub batches: usize,
    pub loss_sum: f64,
    pub losses: Vec<f64>,
    pub radii: Vec<(u32, Vec<f64>)>,
    pub search: Option<Search>,
    pub dynamics: Option<Watch>,
}

impl Progress {
    /// Of a network that begins; so many samples are watched.
    pub fn new(job: &Job, watched: usize) -> Self {
        let search = match job.course.schedule {
            Schedule::Inversion { first_epoch, .. } => Some(Search::new(job, first_epoch)),
            Schedule::Epochs { .. } => None,
        };
        let dynamics = job.course.dynamics.then(|| Watch::new(watched));
        let (losses, radii) = (Vec::new(), Vec::new());
        Progress { epoch: 0, batches: 0, loss_sum: 0.0, losses, radii, search, dynamics }
    }

    /// Whether no epoch is left.
    pub fn is_over(&self, job: &Job) -> bool {
        self.epoch == job.course.schedule.max_epochs() || self.search.as_ref().is_some_and(Search::is_over)
    }

    fn fits(&self, job: &Job) -> bool {
        self.epoch <= job.course.schedule.max_epochs()
            && self.losses.len() == self.epoch as usize
            && self.dynamics.is_some() == job.course.dynamics
            && self.search.is_some() == matches!(job.course.schedule, Schedule::Inversion { .. })
    }

    /// The state of a network: this, and the tensors that its steps change.
    pub fn encode(&self, tensors: &[Tensor]) -> Result<Option<Vec<u8>>, TchError> {
        let tensors = tensors.iter().map(values).collect::<Result<Vec<_>, _>>()?;
        // Plain vectors and numbers can always be encoded.
        Ok(postcard::to_stdvec(&(self, tensors)).ok())
    }

    /// What bytes hold, its tensors copied into those of a network; nothing if the two do not fit.
    pub fn decode(bytes: &[u8], job: &Job, tensors: &mut [Tensor]) -> Result<Option<Progress>, TchError> {
        let decoded: Result<(Progress, Vec<Vec<f32>>), _> = postcard::from_bytes(bytes);
        let Ok((progress, kept)) = decoded else { return Ok(None) };
        let sizes = tensors.iter().map(Tensor::numel);
        if !progress.fits(job) || !sizes.eq(kept.iter().map(Vec::len)) {
            return Ok(None);
        }
        for (to, from) in tensors.iter_mut().zip(&kept) {
            let from = Tensor::f_from_slice(from)?.f_view_as(to)?;
            no_grad(|| to.f_copy_(&from))?;
        }
        Ok(Some(progress))
    }
}
