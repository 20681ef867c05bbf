//! The signing process and its client. Keys live in a process of its own user behind a Unix socket; the console only
//! asks. One request and one answer per connection, as JSON lines.

use async_trait::async_trait;
use mingluo_model::{
    bulletin::KeyId,
    signer::{LocalSigner, Purpose, SignatureBytes, Signer, SignerError},
};
use serde::{Deserialize, Serialize};
use std::{os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

/// The longest request or answer; bulletins have at most 16 KiB.
const LONGEST_LINE: u64 = 128 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    KeyId {
        purpose: Purpose,
    },
    Sign {
        purpose: Purpose,
        #[serde(with = "hex::serde")]
        bytes: Vec<u8>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    KeyId(KeyId),
    Signature(SignatureBytes),
    Refused(String),
}

/// Asks the signing process.
#[derive(Debug)]
pub struct SocketSigner {
    socket: PathBuf,
}

impl SocketSigner {
    /// A client of the process behind this socket.
    pub const fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    async fn ask(&self, request: &Request) -> Result<Answer, SignerError> {
        let unreachable = |error: std::io::Error| SignerError::Unreachable {
            detail: format!("{}: {error}; is `mingluo signer` running?", self.socket.display()),
        };
        let mut stream = UnixStream::connect(&self.socket).await.map_err(unreachable)?;
        let mut line = serde_json::to_vec(request).map_err(|error| unreachable(error.into()))?;
        line.push(b'\n');
        stream.write_all(&line).await.map_err(unreachable)?;
        let mut answer = String::new();
        BufReader::new(stream).take(LONGEST_LINE).read_line(&mut answer).await.map_err(unreachable)?;
        serde_json::from_str(&answer).map_err(|error| unreachable(error.into()))
    }
}

#[async_trait]
impl Signer for SocketSigner {
    async fn key_id(&self, purpose: Purpose) -> Result<KeyId, SignerError> {
        match self.ask(&Request::KeyId { purpose }).await? {
            Answer::KeyId(id) => Ok(id),
            answer => Err(refused(purpose, answer)),
        }
    }

    async fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<SignatureBytes, SignerError> {
        match self.ask(&Request::Sign { purpose, bytes: bytes.to_vec() }).await? {
            Answer::Signature(signature) => Ok(signature),
            answer => Err(refused(purpose, answer)),
        }
    }
}

fn refused(purpose: Purpose, answer: Answer) -> SignerError {
    let detail = match answer {
        Answer::Refused(detail) => detail,
        Answer::KeyId(_) | Answer::Signature(_) => "it answered something else".to_owned(),
    };
    SignerError::Refused { purpose, detail }
}

/// Serves the socket until the task is dropped. The socket is readable by its owner only.
///
/// # Errors
/// When the socket cannot be bound.
pub async fn serve(socket: &std::path::Path, signer: LocalSigner) -> std::io::Result<()> {
    // A socket that nobody listens on is what a killed process leaves behind.
    if socket.exists() && UnixStream::connect(socket).await.is_err() {
        std::fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    let signer = Arc::new(signer);
    loop {
        let (stream, _) = listener.accept().await?;
        let signer = Arc::clone(&signer);
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &signer).await {
                tracing::warn!(%error, "a signing request broke off");
            }
        });
    }
}

async fn answer(mut stream: UnixStream, signer: &LocalSigner) -> std::io::Result<()> {
    let mut line = String::new();
    let (reading, mut writing) = stream.split();
    BufReader::new(reading).take(LONGEST_LINE).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(Request::KeyId { purpose }) => signer
            .key_id(purpose)
            .await
            .map_or_else(|error| Answer::Refused(error.to_string()), Answer::KeyId),
        Ok(Request::Sign { purpose, bytes }) => Answer::Signature(signer.sign_now(purpose, &bytes)),
        Err(error) => Answer::Refused(format!("not a request: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writing.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signature_made_behind_the_socket_fits() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("signer.sock");
        let local = LocalSigner::from_seed("city-1".parse().unwrap(), &[7; 32]);
        let public = local.public();
        let server = tokio::spawn({
            let socket = socket.clone();
            async move { serve(&socket, local).await }
        });
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
        let signer = SocketSigner::new(socket);
        let signature = signer.sign(Purpose::AuditHead, b"head").await.unwrap();
        assert!(signature.fits(&public, Purpose::AuditHead, b"head"));
        assert!(!signature.fits(&public, Purpose::Bulletin, b"head"));
        server.abort();
    }

    #[tokio::test]
    async fn a_signer_that_is_not_there_is_told_as_such() {
        let error =
            SocketSigner::new("/nonexistent/signer.sock".into()).key_id(Purpose::Cap).await.unwrap_err();
        assert!(error.to_string().contains("mingluo signer"));
    }
}
