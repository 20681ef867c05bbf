//! A PostgreSQL server of the rehearsal's own, through `tests/private-postgres`.

use anyhow::{Context, bail};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

/// Keeps the server for as long as standard input is open, and takes it and its directory away then: however the
/// rehearsal ends, nothing is left. Ctrl-C reaches the whole group and must not end the keeper before its work is done.
const KEEPER: &str = r#"
trap "" INT TERM HUP
gone() { "$0" stop "$1" >/dev/null 2>&1; rm -rf -- "$1"; }
(trap - INT TERM HUP; exec "$0" start "$1") </dev/null || { gone "$@"; exit 1; }
cat >/dev/null
gone "$@"
"#;

/// A running server; stop it before it is dropped, or it ends a little later than the rehearsal.
pub(super) struct PrivatePostgres {
    keeper: Child,
    address: String,
}

impl PrivatePostgres {
    /// Makes and starts a server.
    pub(super) async fn start(root: &Path) -> anyhow::Result<Self> {
        let script = root.join("tests/private-postgres");
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(&script)
            .arg(directory()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| script.display().to_string())?;
        let mut address = String::new();
        let said = keeper.stdout.take().context("a piped output is there")?;
        BufReader::new(said).read_line(&mut address).await?;
        if address.is_empty() {
            let mut complaint = String::new();
            if let Some(said) = &mut keeper.stderr {
                said.read_to_string(&mut complaint).await?;
            }
            bail!("--engine postgres: {}", complaint.trim());
        }
        Ok(Self { keeper, address: address.trim().to_owned() })
    }

    /// How the store is reached; has the password in it.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Stops the server; its directory goes with it.
    pub(super) async fn stop(mut self) {
        // Waiting closes the keeper's standard input. What could not be stopped still goes with the machine; the
        // rehearsal's verdict stands.
        let _stopped = self.keeper.wait().await;
    }
}

/// Outside of the run's directory, which the server's own user may not enter; the keeper takes it away.
fn directory() -> anyhow::Result<PathBuf> {
    let directory = tempfile::Builder::new().prefix("mingluo-postgres-").tempdir()?.keep();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755))?;
    Ok(directory)
}
