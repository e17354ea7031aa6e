//! cache keygen: a key to sign indexes with.

use std::process::ExitCode;

use hspipe_remote::Signer;

use crate::cli::args;
use crate::cli::pipe::{say, tell};

pub fn keygen(keygen: &args::Keygen) -> anyhow::Result<ExitCode> {
    let signer = Signer::generate(&keygen.file)?;
    say!(
        "{}: keep it to yourself; HSPIPE_SIGNING_KEY names it where you send results",
        keygen.file.display()
    );
    say!("the public key, for `trust` of those who read them:");
    tell!("{}\n", signer.public());
    Ok(ExitCode::SUCCESS)
}
