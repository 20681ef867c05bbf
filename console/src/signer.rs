//! The signing process and its client. Keys live in a process of its own user behind a Unix socket; the console only
//! asks. One request and one answer per connection, as JSON lines.

mod ward;

use crate::config::{ConfigError, Fix};
use async_trait::async_trait;
use mingluo_model::{
    bulletin::KeyId,
    clock::{SharedClock, within},
    signer::{LocalSigner, Purpose, SignatureBytes, Signer, SignerError},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};
use ward::Ward;

/// The longest request or answer; bulletins have at most 16 KiB.
const LONGEST_LINE: u64 = 128 * 1024;

/// How long the signer may take. It signs in less than a millisecond; a release waits for it, and so does an officer
/// who has just clicked, so a signer that hangs must show within a breath.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who may connect: the signer's user and its group, so that the console may run as a user of its own.
const SOCKET_MODE: u32 = 0o660;

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
pub struct SocketSigner {
    socket: PathBuf,
    clock: SharedClock,
}

impl SocketSigner {
    /// A client of the process behind this socket.
    pub const fn new(socket: PathBuf, clock: SharedClock) -> Self {
        Self { socket, clock }
    }

    async fn ask(&self, request: &Request) -> Result<Answer, SignerError> {
        let answer = within(self.clock.as_ref(), PATIENCE, self.converse(request)).await;
        answer.unwrap_or_else(|late| {
            let socket = self.socket.display();
            Err(SignerError::Unreachable {
                detail: format!("{socket}: {late}; `mingluo signer` hangs, restart it"),
            })
        })
    }

    async fn converse(&self, request: &Request) -> Result<Answer, SignerError> {
        ask_line(&self.socket, request).await.map_err(|error| SignerError::Unreachable {
            detail: format!("{}: {error}; is `mingluo signer` running?", self.socket.display()),
        })
    }
}

/// One request and its answer, as JSON lines over a connection of their own.
pub(crate) async fn ask_line<A: DeserializeOwned>(
    socket: &Path,
    request: &impl Serialize,
) -> std::io::Result<A> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream).take(LONGEST_LINE).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

/// The other end of that: reads one line, and writes what it is answered.
pub(crate) async fn answer_line<A: Serialize, F: Future<Output = A>>(
    mut stream: UnixStream,
    answer: impl FnOnce(String) -> F,
) -> std::io::Result<()> {
    let mut line = String::new();
    let (reading, mut writing) = stream.split();
    BufReader::new(reading).take(LONGEST_LINE).read_line(&mut line).await?;
    let mut line = serde_json::to_vec(&answer(line).await)?;
    line.push(b'\n');
    writing.write_all(&line).await
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

/// Binds the socket. The signer's user and group may connect, nobody else.
///
/// # Errors
/// [`ConfigError`] naming `signer.socket` when it cannot be bound; a signer that runs there is told as such.
pub async fn listen(socket: &Path) -> Result<UnixListener, ConfigError> {
    let bound = bind(socket).await;
    bound.map_err(|cause| ConfigError::value("signer.socket", socket.display(), Fix::socket(&cause)))
}

pub(crate) async fn bind(socket: &Path) -> std::io::Result<UnixListener> {
    // A socket that nobody listens on is what a killed process leaves behind.
    if socket.exists() && UnixStream::connect(socket).await.is_err() {
        std::fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// Serves a bound socket until the task is dropped.
///
/// # Errors
/// When nobody can connect any more.
pub async fn serve(listener: UnixListener, signer: LocalSigner, clock: SharedClock) -> std::io::Result<()> {
    let (signer, ward) = (Arc::new(signer), Arc::new(Ward::new(clock)));
    loop {
        let (stream, _) = listener.accept().await?;
        let (signer, ward) = (Arc::clone(&signer), Arc::clone(&ward));
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &signer, &ward).await {
                tracing::warn!(%error, "a signing request broke off");
            }
        });
    }
}

async fn answer(stream: UnixStream, signer: &LocalSigner, ward: &Ward) -> std::io::Result<()> {
    answer_line(stream, |line| async move {
        match serde_json::from_str(&line) {
            Ok(Request::KeyId { purpose }) => signer
                .key_id(purpose)
                .await
                .map_or_else(|error| Answer::Refused(error.to_string()), Answer::KeyId),
            Ok(Request::Sign { purpose, bytes }) => match ward.admit(purpose, &bytes) {
                Ok(()) => Answer::Signature(signer.sign_now(purpose, &bytes)),
                Err(refused) => Answer::Refused(refused),
            },
            Err(error) => Answer::Refused(format!("not a request: {error}")),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock, system::SystemClock};

    #[tokio::test]
    async fn a_signature_made_behind_the_socket_fits() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("signer.sock");
        let local = LocalSigner::from_seed("city-1".parse().unwrap(), &[7; 32]);
        let public = local.public();
        let server = tokio::spawn(serve(listen(&socket).await.unwrap(), local, SystemClock::shared()));
        let signer = SocketSigner::new(socket.clone(), SystemClock::shared());
        let signature = signer.sign(Purpose::AuditHead, b"head").await.unwrap();
        assert!(signature.fits(&public, Purpose::AuditHead, b"head"));
        assert!(!signature.fits(&public, Purpose::Bulletin, b"head"));
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660, "the console's user is in the signer's group");
        let second = crate::tongue::tell(&listen(&socket).await.unwrap_err());
        assert!(second.zh.contains("signer.sock") && second.zh.contains("已有签名进程"), "{}", second.zh);
        assert!(!signer.sign(Purpose::AuditHead, b"head").await.unwrap().fits(
            &public,
            Purpose::Cap,
            b"head"
        ));
        server.abort();
    }

    #[tokio::test]
    async fn a_signer_that_is_not_there_is_told_as_such() {
        let signer = SocketSigner::new("/nonexistent/signer.sock".into(), SystemClock::shared());
        assert!(signer.key_id(Purpose::Cap).await.unwrap_err().to_string().contains("mingluo signer"));
    }

    #[tokio::test]
    async fn a_signer_that_hangs_is_given_up_after_three_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("signer.sock");
        // It takes connections and never answers.
        let _listener = UnixListener::bind(&socket).unwrap();
        let clock = ManualClock::at(Timestamp(0));
        let signer = SocketSigner::new(socket, clock.clone());
        let mut asked = Box::pin(signer.key_id(Purpose::Bulletin));
        assert!(futures_util::poll!(&mut asked).is_pending());
        clock.advance(Duration::from_millis(2_999));
        assert!(futures_util::poll!(&mut asked).is_pending());
        clock.advance(Duration::from_millis(1));
        let told = asked.await.unwrap_err().to_string();
        assert!(
            told.contains("signer.sock") && told.contains("mingluo signer") && told.contains("3s"),
            "{told}"
        );
    }
}
