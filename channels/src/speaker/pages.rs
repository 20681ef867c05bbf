//! What boxes can ask over HTTP at the door where their links come in: pages by path, each asked with who is asking.
//! The certificate has told that before a page hears of it; a page knows nothing of sockets.

use async_trait::async_trait;
use http_body_util::Full;
use hyper::{StatusCode, body::Bytes, header};
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use std::{fmt, net::SocketAddr, sync::Arc};

/// What a box asks, its body read whole.
pub type Asked = hyper::Request<Bytes>;
/// What it is answered; the bytes may be shared by all who ask.
pub type Answer = hyper::Response<Full<Bytes>>;

/// Who came through the door, by its certificate (来访终端).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The box.
    pub code: ResourceCode,
    /// The number of its certificate, as its authority wrote it: 20 octets at most (RFC 5280, 4.1.2.2).
    pub serial: Box<[u8]>,
    /// Until when that is good.
    pub until: Timestamp,
    /// Where it called from; the last translation of its carrier, so two boxes may share one. `None` over a pipe.
    pub from: Option<SocketAddr>,
}

/// A page that boxes can ask for.
#[async_trait]
pub trait Page: Send + Sync {
    /// Octets of a request's body at most; a longer one is refused unread.
    fn most_body(&self) -> usize {
        0
    }

    /// Answers one request. It may take its time within [`super::listener::ASKING_LIMIT`]; when the box is gone by then,
    /// it is dropped halfway.
    async fn answer(&self, caller: &Caller, asked: Asked) -> Answer;
}

/// All pages. The first whose path fits is asked.
#[derive(Clone, Default)]
pub struct Pages {
    pages: Vec<(&'static str, Arc<dyn Page>)>,
}

impl Pages {
    /// Adds a page: at exactly this path, or at everything below it when it ends with a slash (`/clip/`).
    #[must_use]
    pub fn with(mut self, path: &'static str, page: Arc<dyn Page>) -> Self {
        self.pages.push((path, page));
        self
    }

    pub(super) fn find(&self, path: &str) -> Option<&Arc<dyn Page>> {
        let fits = |place: &str| {
            if place.ends_with('/') { path.starts_with(place) } else { path == place }
        };
        self.pages.iter().find(|(place, _)| fits(place)).map(|(_, page)| page)
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.pages.iter().map(|(path, _)| path)).finish()
    }
}

/// An answer of these bytes.
pub fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    answer
}

/// A refusal in plain words: Chinese first, English after.
pub fn refusal(status: StatusCode, why: impl Into<String>) -> Answer {
    answer(status, "text/plain; charset=utf-8", format!("{}\n", why.into()))
}
