//! Chooses libtorch. In comes the repository's root; then there is the libtorch that the
//! build will take: the user's own, or the one in the user's cache folder that `.libtorch`
//! points to. It must not know how one is installed or what cargo does with it.

use std::env::{self, consts};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::report::Hint;
use crate::source::VERSION;
use crate::{folder, install};

/// What a user can do who gets no libtorch; the end of several hints.
pub const OTHERWISE: &str = "set LIBTORCH to the folder of an unpacked libtorch 2.13.0, or do without: \
     hspipe trains a SimpleNN on the CPU, with all samples in one step, by itself";

/// The name in the repository's root that .cargo/config.toml sets LIBTORCH to.
const LINK: &str = ".libtorch";

/// Which libtorch the build will take.
#[derive(Debug, PartialEq)]
enum Libtorch {
    /// The one that the user's LIBTORCH names.
    Users(PathBuf),
    /// The one that `.libtorch` points to.
    Cached,
}

/// Cargo sets LIBTORCH to `.libtorch` for this process too: that is no wish of the user.
fn choice(variable: Option<OsString>, root: &Path) -> Libtorch {
    let Some(path) = variable.filter(|value| !value.is_empty()) else {
        return Libtorch::Cached;
    };
    let path = PathBuf::from(path);
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    let in_root = parent.is_some() && parent == root.canonicalize().ok();
    if in_root && path.file_name() == Some(LINK.as_ref()) { Libtorch::Cached } else { Libtorch::Users(path) }
}

/// Makes sure that there is a libtorch to build with.
pub fn set_up(root: &Path) -> Result<()> {
    match choice(env::var_os("LIBTORCH"), root) {
        Libtorch::Users(path) => check_users(&path),
        Libtorch::Cached => {
            let cache = cache_folder()?.join("hspipe");
            let place = cache.join(format!("libtorch-{VERSION}"));
            for folder in [&cache, &place] {
                check_private(folder)?;
            }
            if !folder::is_complete(&place) {
                install::install(&cache, &place)?;
            }
            link(root, &place)
        }
    }
}

/// What lies in a folder that anyone can write to, or that is another user's, is not run.
fn check_private(folder: &Path) -> Result<()> {
    let Ok(meta) = fs::metadata(folder) else { return Ok(()) };
    // Whoever owns the parent may put things there: this user's home, or root's.
    let parent = folder.parent().and_then(|parent| fs::metadata(parent).ok()).map(|meta| meta.uid());
    let why = match meta.uid() {
        _ if meta.mode() & 0o002 != 0 => "everybody can write into it".to_owned(),
        0 => return Ok(()),
        owner if Some(owner) == parent => return Ok(()),
        owner => format!("it belongs to user {owner}, and the folder that it is in does not"),
    };
    let hint = "set its owner and mode right (chmod go-w), or set XDG_CACHE_HOME to a folder of your own";
    Err(Hint::error(format!("{} is not trusted", folder.display()), why, hint))
}

fn check_users(path: &Path) -> Result<()> {
    let hint =
        "set LIBTORCH to the full path of an unpacked libtorch 2.13.0, or unset it to have one fetched";
    let bad = |why: String| {
        let what = format!("LIBTORCH is {}, which is no libtorch", path.display());
        Err(Hint::error(what, why, hint))
    };
    if path.is_relative() {
        return bad("a relative path means another folder to each crate that is built".to_owned());
    }
    for name in ["lib", "include"] {
        if !path.join(name).is_dir() {
            return bad(format!("it has no folder {name}"));
        }
    }
    Ok(())
}

/// The folder for what can be fetched again.
fn cache_folder() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(cache) = absolute("XDG_CACHE_HOME") {
        return Ok(cache);
    }
    let below = match consts::OS {
        "macos" => "Library/Caches",
        _ => ".cache",
    };
    absolute("HOME").map(|home| home.join(below)).ok_or_else(|| {
        Hint::error(
            "there is no cache folder to keep libtorch in",
            "neither XDG_CACHE_HOME nor HOME is set to a full path",
            "set XDG_CACHE_HOME",
        )
    })
}

/// Points `.libtorch` to `place`; by a rename, so that a build that runs never finds
/// it missing.
fn link(root: &Path, place: &Path) -> Result<()> {
    let link = root.join(LINK);
    if fs::read_link(&link).is_ok_and(|target| target == place) {
        return Ok(());
    }
    let linking = || {
        Hint::new(
            format!("cannot make the link {}", link.display()),
            "the repository must be writable; a folder of that name must be moved away",
        )
    };
    let new = tempfile::Builder::new()
        .prefix(LINK)
        .make_in(root, |path| symlink(place, path))
        .with_context(linking)?;
    new.into_temp_path().persist(&link).map_err(|error| error.error).with_context(linking)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_path_than_the_link_is_the_users_wish() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let of = |value: &str| choice(Some(value.into()), root);
        let link = root.join(".libtorch");
        assert_eq!(choice(None, root), Libtorch::Cached);
        assert_eq!(of(""), Libtorch::Cached);
        assert_eq!(of(&link.to_string_lossy()), Libtorch::Cached);
        assert_eq!(of("/opt/libtorch"), Libtorch::Users("/opt/libtorch".into()));
        assert_eq!(of("/opt/.libtorch"), Libtorch::Users("/opt/.libtorch".into()));
    }

    #[test]
    fn a_users_libtorch_must_have_both_folders() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        let error = check_users(dir.path()).unwrap_err();
        assert!(format!("{error:#}").contains("no folder include"), "{error:#}");
        fs::create_dir(dir.path().join("include")).unwrap();
        check_users(dir.path()).unwrap();
    }

    #[test]
    fn a_folder_that_anyone_can_write_to_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("hspipe");
        check_private(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        for (mode, trusted) in [(0o700, true), (0o755, true), (0o777, false), (0o1777, false)] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_private(&folder).is_ok(), trusted, "{mode:o}");
        }
    }

    #[test]
    fn the_link_is_moved_but_a_folder_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        for place in ["/first", "/second", "/second"] {
            link(dir.path(), Path::new(place)).unwrap();
            assert_eq!(fs::read_link(dir.path().join(LINK)).unwrap(), Path::new(place));
        }
        fs::remove_file(dir.path().join(LINK)).unwrap();
        fs::create_dir(dir.path().join(LINK)).unwrap();
        assert!(link(dir.path(), Path::new("/third")).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
