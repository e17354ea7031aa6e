//! The tables that several trainings have: `member`, `history`, `weights`, `radii`.
//!
//! In: a trained network. Out: bytes of tables.

use hspipe_engine::op::{OpError, Outputs};

use crate::nn::{Parameter, Trained};
use crate::tables::{History, Member, Radii, TableError, Weights};

/// The tables `member` and `history` of a trained network.
pub fn member_tables(trained: &Trained, seed: u32, attempt: u32) -> Result<Outputs, OpError> {
    let member = Member {
        seed: vec![seed],
        attempt: vec![attempt as i32],
        epochs: vec![trained.epochs as i32],
        final_loss: vec![trained.final_loss],
    };
    let history = History { epoch: (0..trained.losses.len() as i32).collect(), loss: trained.losses.clone() };
    Ok(vec![("member", member.write()?), ("history", history.write()?)])
}

/// The table `weights` of a trained network.
pub fn weights_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let of_each = |parameter: &Parameter| parameter.values.len();
    Weights {
        layer: trained.parameters.iter().flat_map(|p| vec![p.layer as i32; of_each(p)]).collect(),
        parameter: trained.parameters.iter().flat_map(|p| vec![p.name; of_each(p)]).collect(),
        index: trained.parameters.iter().flat_map(|p| 0..of_each(p) as i32).collect(),
        value: trained.parameters.iter().flat_map(|p| &p.values).copied().collect(),
    }
    .write()
}

/// The table `radii` of a trained network, without classes that have no samples.
pub fn radii_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let mut table = Radii { epoch: vec![], class: vec![], radius: vec![] };
    for (epoch, radii) in &trained.radii {
        for (class, radius) in radii.iter().enumerate().filter(|(_, radius)| !radius.is_nan()) {
            table.epoch.push(*epoch as i32);
            table.class.push(class as i32);
            table.radius.push(*radius);
        }
    }
    table.write()
}
