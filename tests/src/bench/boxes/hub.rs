//! A plain WebSocket hub (普通 WebSocket 集线): everybody who is connected is told what is to be told, and answers are
//! counted. The library's own buffers, nothing signed, nothing kept: what a first version of such a city would be.

use crate::sim_stage::told_to_stop;
use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_channels::speaker::TlsFiles;
use mingluo_model::clock::SharedClock;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// What a hub is told.
#[derive(Debug, clap::Args)]
pub struct HubOptions {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    cert: PathBuf,
    #[arg(long)]
    key: PathBuf,
    #[arg(long)]
    ca: PathBuf,
}

/// The answers to one order: microseconds from the order, one for each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answers(pub(super) Vec<u64>);

/// Orders that may wait for one client, and answers that may wait to be counted; whoever has more to say waits.
const WAITING: (usize, usize) = (4, 1_024);

type Everybody = Mutex<Vec<mpsc::Sender<Message>>>;

/// Serves until standard input closes. Each line that comes in on it is sent to everybody; the answers go out as one line.
///
/// # Errors
/// When it cannot listen.
#[expect(clippy::print_stdout, reason = "this is what the program tells who started it")]
pub async fn hub(options: HubOptions, clock: SharedClock) -> Result<()> {
    let files = TlsFiles {
        cert_file: options.cert,
        key_file: options.key,
        client_ca_file: options.ca,
        client_crl_file: None,
    };
    let acceptor = TlsAcceptor::from(files.server_config()?);
    let listener = TcpListener::bind(options.listen).await?;
    println!("{}", serde_json::json!({ "listening": listener.local_addr()? }));
    let everybody = Arc::new(Everybody::default());
    let (answered, mut answers) = mpsc::channel(WAITING.1);
    tokio::spawn(accept(listener, acceptor, Arc::clone(&everybody), answered));
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let order = tokio::select! {
            order = orders.next_line() => order?,
            told = told_to_stop() => return told,
        };
        let Some(order) = order else { return Ok(()) };
        let began = clock.ticks();
        let count = send(&everybody, &Message::text(order));
        let mut times = Vec::with_capacity(count);
        while times.len() < count {
            answers.recv().await.context("nobody is left")?;
            times.push(clock.ticks().saturating_sub(began).as_micros() as u64);
        }
        println!("{}", serde_json::to_string(&Answers(times))?);
    }
}

/// To everybody; gives how many there are.
fn send(everybody: &Everybody, order: &Message) -> usize {
    let mut everybody = everybody.lock().unwrap_or_else(PoisonError::into_inner);
    everybody.retain(|one| one.try_send(order.clone()).is_ok());
    everybody.len()
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    everybody: Arc<Everybody>,
    answered: mpsc::Sender<()>,
) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, everybody, answered) = (acceptor.clone(), Arc::clone(&everybody), answered.clone());
        // A connection that breaks is the client's to open again.
        tokio::spawn(async move { drop(serve(tcp, acceptor, &everybody, answered).await) });
    }
}

async fn serve(
    tcp: TcpStream,
    acceptor: TlsAcceptor,
    everybody: &Everybody,
    answered: mpsc::Sender<()>,
) -> Result<()> {
    tcp.set_nodelay(true)?;
    let mut socket = accept_async(acceptor.accept(tcp).await?).await?;
    let (to, mut orders) = mpsc::channel(WAITING.0);
    everybody.lock().unwrap_or_else(PoisonError::into_inner).push(to);
    loop {
        tokio::select! {
            order = orders.recv() => socket.send(order.context("the hub is over")?).await?,
            message = socket.next() => match message.context("closed")?? {
                Message::Text(_) => answered.send(()).await?,
                Message::Close(_) => return Ok(()),
                _ => {}
            },
        }
    }
}
