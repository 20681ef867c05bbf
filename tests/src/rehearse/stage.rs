//! The directory of one run: secrets, configuration, roster, database, logs. Made for the run, gone with it unless it
//! is to be kept.

use anyhow::{Context, ensure};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The directory of one run.
#[derive(Debug)]
pub(super) struct Stage {
    directory: PathBuf,
    _temporary: Option<TempDir>,
}

impl Stage {
    /// A directory that only we can read: a new one, or `keep`, which must be empty or absent.
    pub(super) fn set(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(keep) = keep else {
            let temporary = tempfile::Builder::new().prefix("mingluo-rehearsal-").tempdir()?;
            return Ok(Self { directory: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(keep).with_context(|| said(keep))?;
        let mut inside = fs::read_dir(keep).with_context(|| said(keep))?;
        ensure!(
            inside.next().is_none(),
            "{}: is not empty; give an empty directory or a new one",
            said(keep)
        );
        Ok(Self { directory: keep.canonicalize()?, _temporary: None })
    }

    /// A path inside.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file that only we can read.
    pub(super) fn write(&self, name: &str, content: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(content.as_bytes())?;
        Ok(path)
    }

    /// Writes a secret of so many random bytes in hexadecimal, and gives it back.
    pub(super) fn secret(&self, name: &str, bytes: usize) -> anyhow::Result<(PathBuf, String)> {
        let secret = random_hex(bytes);
        let path = self.write(name, &format!("{secret}\n"))?;
        Ok((path, secret))
    }
}

/// Random bytes from the operating system, in hexadecimal.
pub(super) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    StdRng::from_os_rng().fill_bytes(&mut random);
    hex::encode(random)
}

fn said(keep: &Path) -> String {
    format!("--keep {}", keep.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_are_for_us_only_and_differ() {
        let stage = Stage::set(None).unwrap();
        let (path, one) = stage.secret("one", 16).unwrap();
        let (_, other) = stage.secret("other", 16).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(one.len() == 32 && one != other);
    }

    #[test]
    fn a_directory_with_something_in_it_is_left_alone() {
        let full = tempfile::tempdir().unwrap();
        fs::write(full.path().join("thesis.txt"), "the only copy").unwrap();
        assert!(Stage::set(Some(full.path())).unwrap_err().to_string().contains("--keep"));
        let new = full.path().join("new/run");
        assert!(Stage::set(Some(&new)).is_ok());
        assert!(Stage::set(Some(&new)).is_ok(), "still empty");
    }
}
