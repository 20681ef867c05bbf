//! A PostgreSQL server of the rehearsal's own, through `tests/private-postgres`.

use anyhow::{Context, ensure};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tokio::process::Command;

/// A running server; stop it before it is dropped.
pub(super) struct PrivatePostgres {
    script: PathBuf,
    // Outside of the run's directory, which the server's own user may not enter.
    directory: TempDir,
    address: String,
}

impl PrivatePostgres {
    /// Makes and starts a server.
    pub(super) async fn start(root: &Path) -> anyhow::Result<Self> {
        let script = root.join("tests/private-postgres");
        let directory = tempfile::Builder::new().prefix("mingluo-postgres-").tempdir()?;
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        let output = Command::new(&script).arg("start").arg(directory.path()).output().await;
        let output = output.with_context(|| script.display().to_string())?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "--engine postgres: {}", complaint.trim());
        let address = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { script, directory, address })
    }

    /// How the store is reached; has the password in it.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Stops the server; its directory goes with it.
    pub(super) async fn stop(self) {
        let stopped = Command::new(&self.script).arg("stop").arg(self.directory.path()).output().await;
        // What could not be stopped still goes with the machine; the rehearsal's verdict stands.
        drop(stopped);
    }
}
