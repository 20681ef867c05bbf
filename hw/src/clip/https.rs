//! Clips over HTTPS, from where the link goes and with the same certificates: one request, one answer, one connection.

use super::{
    fetch::{ClipSource, FetchError},
    name,
    shelf::Shelf,
};
use crate::link::{City, Dial};
use async_trait::async_trait;
use mingluo_model::{
    bulletin::AudioClip,
    clock::{SharedClock, within},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Bytes of an answer's head at most.
const LONGEST_HEAD: usize = 8 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 4 * 1024;

/// The clips of one address of the city.
pub struct CityClips {
    city: City,
    connector: TlsConnector,
    patience: Duration,
    clock: SharedClock,
}

impl CityClips {
    /// One source for each address of the link, in its order.
    pub fn of(dial: &Dial, clock: &SharedClock) -> Vec<Box<dyn ClipSource>> {
        let source = |city: &City| {
            let (city, connector, patience) = (city.clone(), dial.connector.clone(), dial.pace.patience);
            Box::new(Self { city, connector, patience, clock: clock.clone() }) as Box<dyn ClipSource>
        };
        dial.cities.iter().map(source).collect()
    }

    /// Waits for one step of the way, and no longer than the link would.
    async fn patiently<T>(
        &self,
        step: impl Future<Output = std::io::Result<T>> + Send,
    ) -> Result<T, FetchError> {
        let done = within(self.clock.as_ref(), self.patience, step).await;
        done.map_err(broken)?.map_err(broken)
    }

    /// Reads up to the end of the head; gives it, and what came after it.
    async fn head(&self, stream: &mut TlsStream<TcpStream>) -> Result<(Head, Vec<u8>), FetchError> {
        let mut bytes = Vec::with_capacity(PIECE);
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = bytes.split_off(end + 4);
                return Ok((Head::read(&bytes)?, rest));
            }
            if bytes.len() > LONGEST_HEAD {
                return Err(broken("the city's answer has no end to its head"));
            }
            let mut piece = [0; 1024];
            match self.patiently(stream.read(&mut piece)).await? {
                0 => return Err(broken("the city hung up before it answered")),
                count => bytes.extend_from_slice(&piece[..count]),
            }
        }
    }
}

#[async_trait]
impl ClipSource for CityClips {
    async fn fetch(&self, clip: &AudioClip, from: u64, kept: &Shelf) -> Result<(), FetchError> {
        // Boxed, since a handshake's state is large and a host of pretend boxes should not carry it about.
        let mut stream = self.patiently(Box::pin(self.city.reach(&self.connector))).await?;
        let request = format!(
            "GET /clip/{} HTTP/1.1\r\nHost: {}\r\nRange: bytes={from}-\r\nConnection: close\r\n\r\n",
            name(clip),
            self.city.host()
        );
        self.patiently(stream.write_all(request.as_bytes())).await?;
        let (head, rest) = self.head(&mut stream).await?;
        match head.status {
            206 if head.first == Some(from) => {}
            200 => kept.forget_part(clip),
            status => return Err(broken(format!("the city answered {status}"))),
        }
        let mut left = head.length.saturating_sub(rest.len() as u64);
        kept.add(clip, &rest)?;
        let mut piece = vec![0; PIECE];
        while left > 0 {
            let count = self.patiently(stream.read(&mut piece)).await?;
            if count == 0 {
                return Err(broken(format!("the connection broke {left} bytes before the end")));
            }
            kept.add(clip, &piece[..count])?;
            left = left.saturating_sub(count as u64);
        }
        Ok(())
    }
}

/// What must be known of an answer.
struct Head {
    status: u16,
    length: u64,
    /// The place of the first byte that is sent (Content-Range).
    first: Option<u64>,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, FetchError> {
        let mut lines = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut lines);
        response.parse(bytes).map_err(broken)?;
        let status = response.code.unwrap_or_default();
        let value = |wanted: &str| {
            let line = response.headers.iter().find(|line| line.name.eq_ignore_ascii_case(wanted))?;
            std::str::from_utf8(line.value).ok()
        };
        let length = value("content-length").and_then(|length| length.trim().parse().ok());
        let range = value("content-range").and_then(|range| range.trim().strip_prefix("bytes "));
        let first = range.and_then(|range| range.split('-').next()?.parse().ok());
        // RFC 9110: an answer whose length nobody says cannot be told from one that was cut.
        let length = length.ok_or_else(|| broken("the city does not say how long its answer is"))?;
        Ok(Self { status, length, first })
    }
}

fn broken(what: impl std::fmt::Display) -> FetchError {
    FetchError::Broken(what.to_string())
}
