//! Clips over HTTPS, from where the link goes and with the same certificates: one request, one answer, one connection.
//! What comes is put upon the card as it comes, so that a cut costs nothing that was here.

use super::{
    fetch::{ClipSource, FetchError},
    name,
    shelf::Shelf,
};
use crate::link::{City, Dial};
use async_trait::async_trait;
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{CONNECTION, CONTENT_RANGE, HOST, RANGE},
};
use hyper_util::rt::TokioIo;
use mingluo_model::{
    bulletin::AudioClip,
    clock::{SharedClock, within},
};
use std::pin::pin;

/// Octets that an answer's head may have.
const LONGEST_HEAD: usize = 16 * 1024;

/// The clips of one address of the city.
pub struct CityClips {
    city: City,
    dial: Dial,
    clock: SharedClock,
}

impl CityClips {
    /// One source for each address of the link, in its order.
    pub fn of(dial: &Dial, clock: &SharedClock) -> Vec<Box<dyn ClipSource>> {
        let source = |city: &City| {
            Box::new(Self { city: city.clone(), dial: dial.clone(), clock: clock.clone() })
                as Box<dyn ClipSource>
        };
        dial.cities.iter().map(source).collect()
    }

    /// Waits for one step of the way, and no longer than the link would.
    async fn patiently<T, E: std::error::Error>(
        &self,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, FetchError> {
        let done = within(self.clock.as_ref(), self.dial.pace.patience, step).await;
        done.map_err(|late| broken(&late))?.map_err(|error| broken(&error))
    }

    async fn take(
        &self,
        answer: Response<Incoming>,
        clip: &AudioClip,
        from: u64,
        kept: &Shelf,
    ) -> Result<(), FetchError> {
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if first_of(&answer) == Some(from) => {}
            StatusCode::OK => kept.forget_part(clip),
            status => return Err(FetchError::Broken(format!("the city answered {status}"))),
        }
        let mut body = answer.into_body();
        loop {
            let next = async { body.frame().await.transpose() };
            let Some(frame) = self.patiently(next).await? else { return Ok(()) };
            if let Some(bytes) = frame.data_ref() {
                kept.add(clip, bytes)?;
            }
        }
    }
}

#[async_trait]
impl ClipSource for CityClips {
    async fn fetch(&self, clip: &AudioClip, from: u64, kept: &Shelf) -> Result<(), FetchError> {
        // Boxed, since a handshake's state is large and whoever fetches mostly waits.
        let stream = self.patiently(Box::pin(self.dial.reach(&self.city))).await?;
        let request = Request::get(format!("/clip/{}", name(clip)))
            .header(HOST, self.city.authority())
            .header(RANGE, format!("bytes={from}-"))
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| broken(&error))?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(LONGEST_HEAD);
        let (mut sender, connection) =
            builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        let fetching = async {
            let answer = self.patiently(sender.send_request(request)).await?;
            self.take(answer, clip, from, kept).await
        };
        let (mut fetching, mut connection) = (pin!(fetching), pin!(connection));
        tokio::select! {
            fetched = &mut fetching => fetched,
            // The connection may end before its last octets are looked at.
            _ended = &mut connection => fetching.await,
        }
    }
}

/// The place of the first byte that is sent (RFC 9110, 14.4).
fn first_of(answer: &Response<Incoming>) -> Option<u64> {
    let range = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// What went wrong, with its cause.
fn broken(error: &dyn std::error::Error) -> FetchError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    FetchError::Broken(format!("{error}{cause}"))
}
