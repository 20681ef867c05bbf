//! One connection from its first octet to its last: bind, then a loop of reading while the outbox is written.

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::BytesMut;
use mingluo_channels::sms::{
    smpp::{Bind, BindResp, Body, CommandStatus, Framer, Pdu},
    wire::COctets,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
};

use super::{Centre, desk::Turn, locked, outbox::Outbox};

/// Octets asked of the socket at once: some hundred submits.
const READ: usize = 128 << 10;

/// How long the last words of a session may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a bind asked for.
struct Guest {
    account: String,
    hears: bool,
}

/// Serves one connection until it ends.
pub(super) async fn serve(mut socket: TcpStream, centre: &Centre) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut heard = BytesMut::new();
    let Some(guest) = welcome(&mut socket, &mut heard, centre).await? else { return Ok(()) };
    let session = centre.next_session.fetch_add(1, Relaxed);
    let outbox = Arc::new(Outbox::default());
    let desk = centre.desk(&guest.account);
    locked(&desk).enter(session, Arc::clone(&outbox), guest.hears);
    let _leaving = Leaving { desk: Arc::clone(&desk), session };
    let (mut read, mut write) = socket.into_split();
    let mut writing = std::pin::pin!(outbox.drain(&mut write, &centre.watch));
    let hear = |heard: &mut BytesMut| locked(&desk).hear(session, heard, centre.watch.now_us());
    let dies = tokio::select! {
        broken = &mut writing => return broken,
        end = listen(&mut read, &mut heard, hear, &outbox, centre) => end?,
    };
    if dies {
        outbox.cut();
    } else {
        outbox.close();
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

/// Waits for the bind; `None` when the client left or was refused.
async fn welcome(socket: &mut TcpStream, heard: &mut BytesMut, centre: &Centre) -> io::Result<Option<Guest>> {
    loop {
        match Framer::default().push(heard) {
            Ok(Some(Pdu { sequence, body, .. })) => {
                let (answer, guest) = judge(sequence, body, centre.password.as_deref());
                let mut octets = BytesMut::new();
                answer.encode(&mut octets);
                socket.write_all(&octets).await?;
                return Ok(guest);
            }
            Ok(None) if socket.read_buf(heard).await? > 0 => {}
            Ok(None) | Err(_) => return Ok(None),
        }
    }
}

fn judge(sequence: u32, body: Body, password: Option<&str>) -> (Pdu, Option<Guest>) {
    type Answer = fn(BindResp) -> Body;
    let (bind, hears, answer): (Bind, bool, Answer) = match body {
        Body::BindReceiver(bind) => (bind, true, Body::BindReceiverResp),
        Body::BindTransmitter(bind) => (bind, false, Body::BindTransmitterResp),
        Body::BindTransceiver(bind) => (bind, true, Body::BindTransceiverResp),
        _ => return (Pdu::nack(sequence, CommandStatus::RINVBNDSTS), None),
    };
    let knows = password.is_none_or(|password| bind.password.as_bytes() == password.as_bytes());
    let status = if knows { CommandStatus::ROK } else { CommandStatus::RINVPASWD };
    let system_id = COctets::new("system_id", "sim-smsc").unwrap_or_default();
    let answer = answer(BindResp { system_id, sc_interface_version: Some(0x34) });
    let guest = Guest { account: bind.system_id.to_text().into_owned(), hears };
    (Pdu::response(sequence, status, answer), knows.then_some(guest))
}

/// Reads until the session ends; true when it is to break in the middle of a frame.
async fn listen(
    socket: &mut OwnedReadHalf,
    heard: &mut BytesMut,
    hear: impl Fn(&mut BytesMut) -> Turn,
    outbox: &Outbox,
    centre: &Centre,
) -> io::Result<bool> {
    loop {
        match hear(heard) {
            Turn::Go => {}
            Turn::Stall(pause) => centre.watch.sleep(pause).await,
            Turn::End => return Ok(false),
            Turn::Die => return Ok(true),
        }
        outbox.has_room().await;
        heard.reserve(READ);
        if socket.read_buf(heard).await? == 0 {
            return Ok(false);
        }
    }
}
