//! Brings messages to Kannel: a GET for each, over connections that are kept. Bare bytes, so that bringing them costs the
//! machine as little as can be.

use anyhow::{Context, bail, ensure};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// More than any answer of Kannel's has, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// A kept connection.
pub(super) struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    pub(super) async fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks for a path; status and body.
    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line).await? > 0, "the connection was closed");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no HTTP: {line:?}"))?;
        let mut length = 0;
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line).await? > 0, "an answer broke off");
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().with_context(|| format!("{line:?}"))?;
            }
        }
        ensure!(length <= LONGEST_ANSWER, "an answer of {length} bytes");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }
}

/// Brings `count` messages over so many connections; `path` gives the request of each.
pub(super) async fn bring(
    port: u16,
    connections: u32,
    count: u32,
    path: impl Fn(u32) -> String + Sync,
) -> anyhow::Result<()> {
    let next = AtomicU32::new(0);
    let lines = (0..connections).map(|_| async {
        let mut line = Line::open(port).await.context("sendsms")?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok::<_, anyhow::Error>(());
            }
            match line.get(&path(number)).await.context("sendsms")? {
                (202, _) => {}
                (status, body) => bail!("Kannel answered {status}: {}", String::from_utf8_lossy(&body)),
            }
        }
    });
    futures_util::future::try_join_all(lines).await.map(|_| ())
}
