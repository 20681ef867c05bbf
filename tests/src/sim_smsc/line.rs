//! One connection from its first octet to its last: login, then a loop of reading while the outbox is written. SGIP's
//! receipts go over a connection that we open ourselves.

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
};

use super::{
    Centre, Protocol, ReportTo,
    desk::Turn,
    locked,
    outbox::Outbox,
    tongue::{Guest, Lock, Tongue, call},
};

/// Octets asked of the socket at once: some hundred submits.
const READ: usize = 128 << 10;

/// How long the last words of a session may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long to wait before the client's door is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// Serves one connection until it ends.
pub(super) async fn serve(mut socket: TcpStream, centre: &Centre) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut heard = BytesMut::new();
    let Some(guest) = welcome(&mut socket, &mut heard, centre).await? else { return Ok(()) };
    if centre.protocol == Protocol::Sgip {
        centre.call_back(&guest.account);
    }
    attend(socket, heard, guest, centre).await
}

/// Brings an SGIP account its receipts, for as long as the simulator lives.
pub(super) async fn bring(centre: &Centre, account: String, to: &ReportTo) {
    loop {
        // A door that is closed, or closes, is tried again.
        let _ended = visit(centre, &account, to).await;
        centre.watch.sleep(AGAIN).await;
    }
}

async fn visit(centre: &Centre, account: &str, to: &ReportTo) -> io::Result<()> {
    let mut socket = TcpStream::connect(to.address).await?;
    socket.set_nodelay(true)?;
    socket.write_all(&call::bind(&to.login, &to.password, centre.watch.now_us())).await?;
    let mut heard = BytesMut::new();
    let let_in = loop {
        match call::answered(&mut heard) {
            Some(let_in) => break let_in,
            None if socket.read_buf(&mut heard).await? > 0 => {}
            None => break false,
        }
    };
    if !let_in {
        return Ok(());
    }
    let guest = Guest { account: account.to_owned(), hears: true, tongue: Tongue::Sgip };
    attend(socket, heard, guest, centre).await
}

/// A session from its login to its end.
async fn attend(socket: TcpStream, mut heard: BytesMut, guest: Guest, centre: &Centre) -> io::Result<()> {
    let session = centre.next_session.fetch_add(1, Relaxed);
    let outbox = Arc::new(Outbox::default());
    let desk = centre.desk(&guest.account);
    locked(&desk).enter(session, Arc::clone(&outbox), guest.tongue, guest.hears);
    let _leaving = Leaving { desk: Arc::clone(&desk), session };
    let (mut read, mut write) = socket.into_split();
    let mut writing = std::pin::pin!(outbox.drain(&mut write, &centre.watch));
    let hear = |heard: &mut BytesMut| locked(&desk).hear(session, heard, centre.watch.now_us());
    let end = tokio::select! {
        broken = &mut writing => return broken,
        end = listen(&mut read, &mut heard, hear, &outbox, centre) => end?,
    };
    match end {
        Turn::Die => outbox.cut(),
        Turn::Lie => outbox.lie(),
        _ => outbox.close(),
    }
    tokio::select! {
        written = writing => written,
        () = centre.watch.sleep(LAST_WORDS) => Ok(()),
    }
}

/// Takes a session off its desk, however it ends.
struct Leaving {
    desk: Arc<std::sync::Mutex<super::Desk>>,
    session: u32,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        locked(&self.desk).leave(self.session);
    }
}

/// Waits for the login; `None` when the client left or was refused.
async fn welcome(socket: &mut TcpStream, heard: &mut BytesMut, centre: &Centre) -> io::Result<Option<Guest>> {
    let lock = Lock { password: centre.password.as_deref(), version: centre.cmpp_version };
    loop {
        match centre.protocol.greet(heard, &lock) {
            Ok(Some((answer, guest))) => {
                socket.write_all(&answer).await?;
                return Ok(guest);
            }
            Ok(None) if socket.read_buf(heard).await? > 0 => {}
            Ok(None) | Err(_) => return Ok(None),
        }
    }
}

/// Reads until the session ends; tells how.
async fn listen(
    socket: &mut OwnedReadHalf,
    heard: &mut BytesMut,
    hear: impl Fn(&mut BytesMut) -> Turn,
    outbox: &Outbox,
    centre: &Centre,
) -> io::Result<Turn> {
    loop {
        match hear(heard) {
            Turn::Go => {}
            Turn::Stall(pause) => centre.watch.sleep(pause).await,
            end => return Ok(end),
        }
        outbox.has_room().await;
        heard.reserve(READ);
        if socket.read_buf(heard).await? == 0 {
            return Ok(Turn::End);
        }
    }
}
