//! A provider's end that a test plays: it takes every call, keeps its head and gives one answer to all.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// It listens until it is dropped.
pub(super) struct FarSide {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _listening: JoinSet<()>,
}

impl FarSide {
    /// A status like `200 OK`, and a body.
    pub(super) async fn answering(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heads) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let mut listening = JoinSet::new();
        let heard = Arc::clone(&heads);
        listening.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                guests.spawn(attend(socket, Arc::clone(&heard), status, body));
            }
        });
        Self { address, heads, _listening: listening }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the calls that came in.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// An address where nobody listens.
pub(super) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn attend(mut socket: TcpStream, heads: Arc<Mutex<Vec<String>>>, status: &str, body: &str) {
    let mut octets = Vec::new();
    let (head, length) = loop {
        if socket.read_buf(&mut octets).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(at) = octets.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&octets[..at]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            break (head.clone(), at + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()));
        }
    };
    while octets.len() < length {
        if socket.read_buf(&mut octets).await.unwrap_or(0) == 0 {
            return;
        }
    }
    heads.lock().unwrap().push(head);
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    // Who called may be gone.
    let _told = socket.write_all(answer.as_bytes()).await;
}
