//! The door for boxes that have no certificate yet (终端注册): a listener of its own, off unless configured. It carries a
//! request to the desk that holds the authority, which is another process, and adds what else a box must be given. Who
//! guesses codes is told to wait.

use super::{
    keyring::read_key_set,
    listener::next,
    pages::{Answer, answer},
    pki::TlsFiles,
};
use crate::account::ConfigError;
use async_trait::async_trait;
use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, Request, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mingluo_model::{
    bulletin::RootKey,
    clock::{SharedClock, Timestamp, within},
    enrol::{Application, Certified, Enrolled, MOST_ASKED, NotEnrolled, PATH},
    link::renew::{NotRenewed, Petition},
};
use rustls::ServerConfig;
use serde::Deserialize;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Strangers at once; more wait in the kernel.
const MOST_STRANGERS: usize = 16;
/// The time for one of them, from the first octet to the last.
const STRANGER_LIMIT: Duration = Duration::from_secs(30);
/// Wrong codes from one address within [`WINDOW`], after which it must wait.
const MOST_WRONG: u32 = 10;
/// The time over which wrong codes are counted.
const WINDOW: Duration = Duration::from_mins(10);
/// Addresses that are remembered; while so many guess at once, new ones must wait as well.
const MOST_GUESSERS: usize = 4_096;

/// Where boxes enrol, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolConfig {
    /// Where boxes without a certificate connect; the program binds it.
    pub listen: SocketAddr,
    /// The offline root's public key, which boxes are given.
    pub root_file: PathBuf,
}

/// Who certifies boxes: the port to the process that holds the authority.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Has a box certified whose code is good, which uses the code up.
    async fn enrol(&self, application: &Application) -> Result<Certified, NotEnrolled>;

    /// Has the next certificate made for a box that came in with one; gives the chain, PEM.
    async fn renew(&self, petition: &Petition) -> Result<String, NotRenewed>;
}

/// What is needed to serve, read and checked.
pub struct Enrolment {
    config: EnrolConfig,
    root: String,
    key_set_file: PathBuf,
    tls: Arc<ServerConfig>,
}

impl Enrolment {
    /// Reads the files that this account names.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key and the file that cannot be used.
    pub fn read(
        config: &EnrolConfig,
        tls: &TlsFiles,
        key_set_file: Option<&PathBuf>,
    ) -> Result<Self, ConfigError> {
        let root = root_key(&config.root_file)?;
        let key_set_file = key_set_file.cloned().ok_or_else(|| {
            let fix = "name the key set that enrolled boxes begin with beside enrol, not in it";
            ConfigError::new("key_set_file", "", fix).with_fault("no-key-set-file", [])
        })?;
        read_key_set(&key_set_file)?;
        Ok(Self { config: config.clone(), root, key_set_file, tls: tls.enrolment_config()? })
    }

    /// Where boxes connect.
    pub const fn listen(&self) -> SocketAddr {
        self.config.listen
    }
}

/// The root's public key, as boxes are given it.
fn root_key(file: &Path) -> Result<String, ConfigError> {
    let text =
        std::fs::read_to_string(file).map_err(|cause| ConfigError::unread("root_file", file, &cause))?;
    let root = text.trim();
    root.parse::<RootKey>().map_err(|cause| {
        let fix = format!("name root.pub, the root's public key, from `mingluo box root new` ({cause})");
        ConfigError::new("root_file", file.display(), fix)
            .with_fault("no-root-key", [("length", cause.length.to_string())])
    })?;
    Ok(root.to_owned())
}

/// Serves strangers until `stop`. The listener is bound already.
pub async fn serve(
    enrolment: Enrolment,
    desk: Arc<dyn Desk>,
    listener: TcpListener,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(MOST_STRANGERS));
    let acceptor = TlsAcceptor::from(Arc::clone(&enrolment.tls));
    let counter = Arc::new(Counter { enrolment, desk, clock: clock.clone(), guessers: Mutex::default() });
    while let Some((stream, from)) = next(&listener, clock.as_ref(), &stop).await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (counter, acceptor) = (Arc::clone(&counter), acceptor.clone());
        tokio::spawn(async move {
            let serving =
                within(counter.clock.as_ref(), STRANGER_LIMIT, counter.serve(acceptor, stream, from));
            match serving.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a stranger's connection broke off"),
                Err(late) => tracing::debug!(%late, "a stranger took too long"),
            }
            drop(place);
        });
    }
}

struct Counter {
    enrolment: Enrolment,
    desk: Arc<dyn Desk>,
    clock: SharedClock,
    // Wrong codes by address, and since when. Guarded for one look, never across an await.
    guessers: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

impl Counter {
    async fn serve(
        &self,
        acceptor: TlsAcceptor,
        stream: TcpStream,
        from: SocketAddr,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let stream = acceptor.accept(stream).await?;
        let service =
            service_fn(|request| async move { Ok::<_, Infallible>(self.request(request, from.ip()).await) });
        let mut builder = http1::Builder::new();
        // Its own timer would not be the house's; the whole is bounded.
        builder.keep_alive(false).header_read_timeout(None).max_buf_size(16 * 1024);
        Ok(builder.serve_connection(TokioIo::new(stream), service).await?)
    }

    async fn request(&self, request: Request<Incoming>, from: IpAddr) -> Answer {
        if request.uri().path() != PATH || request.method() != Method::POST {
            return super::pages::refusal(StatusCode::NOT_FOUND, "这里只有终端注册 / boxes enrol here");
        }
        let body = Limited::new(request.into_body(), MOST_ASKED).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        match self.enrol(&body, from).await {
            Ok(enrolled) => json(StatusCode::OK, &enrolled),
            Err(why) => {
                tracing::warn!(%from, %why, "终端没有注册成 a box is not enrolled");
                json(status(why), &why)
            }
        }
    }

    async fn enrol(&self, body: &[u8], from: IpAddr) -> Result<Enrolled, NotEnrolled> {
        if self.must_wait(from) {
            return Err(NotEnrolled::TooMany);
        }
        let application: Application =
            serde_json::from_slice(body).map_err(|_| self.count(from, NotEnrolled::BadRequest))?;
        let keys = read_key_set(&self.enrolment.key_set_file).map_err(|error| {
            tracing::error!(%error, "终端不能注册 no box can be enrolled");
            NotEnrolled::Unavailable
        })?;
        let certified = self.desk.enrol(&application).await.map_err(|why| self.count(from, why))?;
        tracing::info!(%from, "a box is enrolled");
        Ok(Enrolled { certified, root: self.enrolment.root.clone(), keys })
    }

    fn must_wait(&self, from: IpAddr) -> bool {
        let now = self.clock.now();
        let mut guessers = self.guessers.lock().unwrap_or_else(PoisonError::into_inner);
        guessers.retain(|_, (since, _)| now.since(*since) < WINDOW);
        match guessers.get(&from) {
            Some((_, wrong)) => *wrong >= MOST_WRONG,
            None => guessers.len() >= MOST_GUESSERS,
        }
    }

    /// Whatever is wrong with a code counts, so that none can be tried out; that the desk is away does not.
    fn count(&self, from: IpAddr, why: NotEnrolled) -> NotEnrolled {
        if why != NotEnrolled::Unavailable {
            let mut guessers = self.guessers.lock().unwrap_or_else(PoisonError::into_inner);
            guessers.entry(from).or_insert((self.clock.now(), 0)).1 += 1;
        }
        why
    }
}

const fn status(why: NotEnrolled) -> StatusCode {
    match why {
        NotEnrolled::TooMany => StatusCode::TOO_MANY_REQUESTS,
        NotEnrolled::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        NotEnrolled::BadRequest => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}

fn json(status: StatusCode, told: &impl serde::Serialize) -> Answer {
    let body = serde_json::to_vec(told).expect("texts and numbers only");
    answer(status, "application/json", body)
}
