//! Which builds of libtorch's libraries this process has loaded.
//!
//! In: nothing but the process itself. Out: one digest for the key. Of a library that carries the linker's build id only
//! that is read, of another all bytes. Knows no trainings.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Names that libraries which compute begin with. `libtorch.so` is not among them: it is empty, and made anew on each
/// machine.
const COMPUTE: [&str; 11] = [
    "libtorch_cpu",
    "libtorch_cuda",
    "libc10",
    "libmkl_",
    "libdnnl",
    "libopenblas",
    "libnvpl_",
    "libarm_compute",
    "libcublas",
    "libcudnn",
    "libomp",
];

/// The digest of what is loaded.
pub fn loaded() -> Result<String, String> {
    let mut libraries =
        paths().map_err(|error| format!("which libtorch is loaded cannot be seen: {error}"))?;
    libraries.retain(|path| COMPUTE.iter().any(|start| name(path).starts_with(start)));
    libraries.sort_by_key(|path| name(path));
    libraries.dedup();
    if libraries.is_empty() {
        return Err("which libtorch is loaded cannot be seen: no library of it is found".to_owned());
    }
    let mut all = blake3::Hasher::new();
    for path in &libraries {
        let build = of_file(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        all.update(name(path).as_bytes()).update(b"\0").update(&build).update(b"\0");
    }
    Ok(all.finalize().to_hex()[..12].to_owned())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// All files that are mapped.
#[cfg(target_os = "linux")]
fn paths() -> io::Result<Vec<PathBuf>> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let path = |line: &str| line.find('/').map(|at| PathBuf::from(&line[at..]));
    let mut paths: Vec<PathBuf> = maps.lines().filter_map(path).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Those of the folder that the program was linked to.
#[cfg(not(target_os = "linux"))]
fn paths() -> io::Result<Vec<PathBuf>> {
    let folder = option_env!("HSPIPE_LIBTORCH_LIB").unwrap_or_default();
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The build id, or else the hash of the whole file.
fn of_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    if let Some(id) = build_id(&mut file)? {
        return Ok(id);
    }
    file.rewind()?;
    Ok(blake3::Hasher::new().update_reader(file)?.finalize().as_bytes().to_vec())
}

/// The note `GNU` of type 3 of a 64-bit little-endian ELF file; none of any other file.
fn build_id(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 64];
    if file.read_exact(&mut header).is_err() || header[..6] != *b"\x7fELF\x02\x01" {
        return Ok(None);
    }
    let (start, size, count) = (number(&header, 32, 8), number(&header, 54, 2), number(&header, 56, 2));
    for segment in 0..count {
        let mut entry = [0; 56];
        file.seek(SeekFrom::Start(start.saturating_add(segment * size)))?;
        if file.read_exact(&mut entry).is_err() {
            return Ok(None);
        }
        const NOTE: u64 = 4;
        if number(&entry, 0, 4) == NOTE {
            let mut notes = Vec::new();
            file.seek(SeekFrom::Start(number(&entry, 8, 8)))?;
            file.by_ref().take(number(&entry, 32, 8)).read_to_end(&mut notes)?;
            if let Some(id) = in_notes(&notes) {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

fn in_notes(mut notes: &[u8]) -> Option<Vec<u8>> {
    while notes.len() >= 12 {
        let [name, content, kind] = [0, 4, 8].map(|at| number(notes, at, 4) as usize);
        let from = 12 + name.next_multiple_of(4);
        let id = notes.get(from..from.checked_add(content)?)?;
        if kind == 3 && notes.get(12..16) == Some(b"GNU\0") && !id.is_empty() {
            return Some(id.to_vec());
        }
        notes = notes.get(from + content.next_multiple_of(4)..)?;
    }
    None
}

/// Little-endian.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u8, name: &[u8; 4], id: &[u8]) -> Vec<u8> {
        let mut note = [&[4, 0, 0, 0, id.len() as u8, 0, 0, 0, kind, 0, 0, 0][..], name, id].concat();
        note.resize(note.len().next_multiple_of(4), 0);
        note
    }

    /// An ELF file of one segment of notes, and code behind it.
    fn elf(notes: &[u8], code: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 1);
        (bytes[64], bytes[72], bytes[96]) = (4, 120, notes.len() as u8);
        [&bytes, notes, code].concat()
    }

    #[test]
    fn a_library_is_its_build_id_or_else_all_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let of = |bytes: &[u8]| {
            let path = folder.path().join("lib.so");
            std::fs::write(&path, bytes).unwrap();
            of_file(&path).unwrap()
        };
        let notes = [note(1, b"GNU\0", &[9; 5]), note(3, b"GNU\0", &[7, 8, 9])].concat();
        assert_eq!(of(&elf(&notes, b"code")), [7, 8, 9]);
        let without = note(3, b"Go\0\0", &[7, 8, 9]);
        assert_eq!(of(&elf(&without, b"code")).len(), 32);
        assert_ne!(of(&elf(&without, b"code")), of(&elf(&without, b"cods")));
        assert_ne!(of(b"dylib"), of(b"dylic"));
        assert_eq!(of(&elf(&notes, b"code")[..100]).len(), 32, "what is cut off is no ELF file");
    }

    #[test]
    fn libtorchs_own_libraries_are_seen() {
        let digest = loaded().unwrap();
        assert_eq!(digest.len(), 12);
        let names: Vec<String> = paths().unwrap().iter().map(|path| name(path)).collect();
        assert!(names.iter().any(|name| name.starts_with("libtorch_cpu")), "{names:?}");
    }
}
