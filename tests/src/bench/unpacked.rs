//! Programs of Debian packages that were unpacked into a folder instead of being installed.

use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// A program under `root`, with the libraries that were unpacked beside it.
pub(super) fn program(root: &Path, path: &str) -> Command {
    let mut command = Command::new(root.join(path));
    if root != Path::new("/") {
        command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries(root)).unwrap_or_default());
    }
    command.kill_on_drop(true);
    command
}

fn libraries(root: &Path) -> Vec<PathBuf> {
    let homes = ["usr/lib", "lib"].map(|home| root.join(home));
    let entries = homes.iter().filter_map(|home| fs::read_dir(home).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
