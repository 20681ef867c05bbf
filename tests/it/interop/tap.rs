//! A listener between two programs, who hands on every octet and keeps it: what was said is judged by neither of them.

use super::soon;
use bytes::{Bytes, BytesMut};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// One side's octets over all connections, one after the other.
pub(super) struct Said(watch::Receiver<BytesMut>);

pub(super) struct Tap {
    pub(super) address: SocketAddr,
    pub(super) client: Said,
    pub(super) server: Said,
}

impl Tap {
    /// Listens on a free port and hands on to `server`.
    pub(super) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client_says, client_said) = watch::channel(BytesMut::new());
        let (server_says, server_said) = watch::channel(BytesMut::new());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.unwrap();
                let (client, server) = (client.into_split(), server.into_split());
                tokio::spawn(hand_on(client.0, server.1, client_says.clone()));
                tokio::spawn(hand_on(server.0, client.1, server_says.clone()));
            }
        });
        Self { address, client: Said(client_said), server: Said(server_said) }
    }
}

async fn hand_on(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    said: watch::Sender<BytesMut>,
) {
    let mut octets = BytesMut::with_capacity(64 << 10);
    while let Ok(1..) = from.read_buf(&mut octets).await {
        said.send_modify(|all| all.extend_from_slice(&octets));
        if to.write_all(&octets).await.is_err() {
            return;
        }
        octets.clear();
    }
    let _gone = to.shutdown().await;
}

impl Said {
    /// The whole frames so far. All protocols here begin with length and command in four octets each.
    pub(super) fn frames(&self) -> Vec<Bytes> {
        let mut rest = self.0.borrow().clone();
        let mut frames = Vec::new();
        while let Some(length) = rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize) {
            assert!(length >= 8, "a frame of {length} octets");
            if rest.len() < length {
                break;
            }
            frames.push(rest.split_to(length).freeze());
        }
        frames
    }

    /// Frames of this command so far.
    fn count(&self, command: u32) -> usize {
        self.frames().iter().filter(|frame| frame[4..8] == command.to_be_bytes()).count()
    }

    /// Returns when so many frames of this command have passed.
    pub(super) async fn passed(&mut self, command: u32, count: usize) {
        soon(async {
            while self.count(command) < count {
                self.0.changed().await.unwrap();
            }
        })
        .await;
    }
}
