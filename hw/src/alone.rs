//! One program at the relay at a time: a technician's test tone must not open the relay under a warning that sounds.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

/// Why this program may not touch the relay.
#[derive(Debug, thiserror::Error)]
pub enum NotAlone {
    /// Another program of this box runs.
    #[error(
        "终端正在运行（占用 {path:?}）：请先停止 systemctl stop mingluo-speaker，或在本机页面上试音。\
         The box is running and holds {path:?}: stop it first, or ask for the test on its page"
    )]
    Running {
        /// The file that it holds.
        path: PathBuf,
    },
    /// The file cannot be had.
    #[error(
        "不能占用 {path:?}，请核对 box.state_dir 的权限。{path:?} cannot be held, check the rights of box.state_dir"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// Holds the box of this state directory until it is dropped, or its program ends in whatever way.
///
/// # Errors
/// [`NotAlone`] when another program holds it.
pub fn alone(state_dir: &Path) -> Result<File, NotAlone> {
    let path = state_dir.join("lock");
    let file = std::fs::create_dir_all(state_dir)
        .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path))
        .map_err(|source| NotAlone::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NotAlone::Running { path }),
        Err(TryLockError::Error(source)) => Err(NotAlone::File { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_program_is_refused_until_the_first_has_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = alone(dir.path()).unwrap();
        let refused = alone(dir.path()).unwrap_err();
        assert!(
            matches!(refused, NotAlone::Running { .. }) && refused.to_string().contains("正在运行"),
            "{refused}"
        );
        drop(first);
        alone(dir.path()).unwrap();
    }
}
