//! Signatures of indexes: whose word a record is.
//!
//! In: a key file, digests, signatures. Out: signatures, or whether one is good. Ed25519, as in
//! rustls. Digests protect what is in packs; a record is a claim, and this says who made it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hspipe_engine::key::Digest;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// Before each digest that is signed, so that a signature says nothing of other things.
const WHAT: &[u8] = b"hspipe remote cache, index ";

/// Who signs.
pub struct Signer {
    pair: Ed25519KeyPair,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system refuses.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Other bytes than those of a key.
    #[error("{0} is no key as `hspipe cache keygen` makes it")]
    NoKey(PathBuf),
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Signer {
    /// Makes a new key and writes it to a file, which must not be there yet and which its owner alone may read.
    ///
    /// # Errors
    /// A file that is there or cannot be written.
    pub fn generate(path: &Path) -> Result<Signer, KeyError> {
        let mut seed = [0; 32];
        ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut seed).map_err(|_| KeyError::Random)?;
        let text = format!("{}\n", Digest(seed).hex());
        let io = |source| KeyError::Io { action: "write", path: path.to_path_buf(), source };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        io::Write::write_all(&mut file, text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        Signer::load(path)
    }

    /// The key of a file.
    ///
    /// # Errors
    /// A file that cannot be read, or is no key.
    pub fn load(path: &Path) -> Result<Signer, KeyError> {
        let text = fs::read_to_string(path);
        let text =
            text.map_err(|source| KeyError::Io { action: "read", path: path.to_path_buf(), source })?;
        let no_key = || KeyError::NoKey(path.to_path_buf());
        let Digest(seed) = Digest::from_hex(text.trim()).ok_or_else(no_key)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| no_key())?;
        Ok(Signer { pair })
    }

    /// The public key, in hexadecimal digits.
    pub fn public(&self) -> String {
        hex(self.pair.public_key().as_ref())
    }

    /// The signature of an index.
    pub(crate) fn sign(&self, index: &Digest) -> Vec<u8> {
        self.pair.sign(&message(index)).as_ref().to_vec()
    }
}

/// Whether `signature` is that of an index by the owner of a public key.
pub(crate) fn is_good(public: &str, index: &Digest, signature: &[u8]) -> bool {
    let Some(Digest(public)) = Digest::from_hex(public) else { return false };
    UnparsedPublicKey::new(&ED25519, public).verify(&message(index), signature).is_ok()
}

fn message(index: &Digest) -> Vec<u8> {
    [WHAT, index.hex().as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_index_by_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let signer = Signer::generate(&path).unwrap();
        assert!(matches!(Signer::generate(&path), Err(KeyError::Io { .. })), "no key is written over");
        let same = Signer::load(&path).unwrap();
        assert_eq!(signer.public(), same.public());
        let (index, other) = (Digest::of(b"a"), Digest::of(b"b"));
        let signature = signer.sign(&index);
        assert!(is_good(&same.public(), &index, &signature));
        assert!(!is_good(&same.public(), &other, &signature));
        let stranger = Signer::generate(&folder.path().join("other")).unwrap();
        assert!(!is_good(&stranger.public(), &index, &signature));
        fs::write(&path, "no key").unwrap();
        assert!(matches!(Signer::load(&path), Err(KeyError::NoKey(_))));
    }
}
