//! The door through which the gateway comes (clause 3.2): it binds with the name and password that we gave it, reports
//! and delivers, and leaves when it has nothing more to say.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::BytesMut;
use mingluo_model::{
    channel::{SendError, Unfit},
    clock::{SharedClock, within},
    misfit::Misfit,
    plan::AccountName,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::OnceCell,
    task::JoinSet,
};

use super::{
    mailroom::{Mailroom, Words},
    verdict,
};
use crate::account::Secret;
use crate::sms::{
    number::Wrote,
    sgip::{Bind, Body, CommandResult, FROM_GATEWAY, FrameError, Framer, Pdu, command::RESPONSE},
    wire::Padded,
};

/// Connections that may stand in the door at once; a gateway has a few.
const MOST_GUESTS: usize = 64;

/// Octets asked of a socket at once: some hundred reports.
const READ: usize = 16 << 10;

/// The pause after the system had no connection to give (too many open files).
const BREATH: Duration = Duration::from_millis(100);

/// Who may come in, and where.
pub(super) struct Entry {
    pub(super) account: AccountName,
    pub(super) listen: SocketAddr,
    pub(super) login_name: Padded<16>,
    pub(super) password: Secret,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) idle: Duration,
    pub(super) response_timeout: Duration,
}

/// One account's door. Dropping it closes it and ends what goes on in it.
pub(super) struct Door {
    hall: Arc<Hall>,
    standing: OnceCell<Standing>,
}

struct Standing {
    address: SocketAddr,
    _porter: JoinSet<()>,
}

/// What the connections share.
struct Hall {
    entry: Entry,
    clock: SharedClock,
    mailroom: Arc<Mailroom>,
    // Guards why no reports come in, if that is known; held for a look.
    trouble: Mutex<Option<Misfit>>,
}

impl Door {
    pub(super) fn new(entry: Entry, clock: SharedClock) -> Self {
        let hall = Hall { entry, clock, mailroom: Arc::default(), trouble: Mutex::default() };
        Self { hall: Arc::new(hall), standing: OnceCell::new() }
    }

    /// What was brought.
    pub(super) fn mailroom(&self) -> &Arc<Mailroom> {
        &self.hall.mailroom
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.standing.get().map(|standing| standing.address)
    }

    /// Why no reports come in, if that is known.
    pub(super) fn unready(&self) -> Option<Unfit> {
        let problem = self.hall.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let field = if problem == Misfit::DoorRefused { "gateway_password_file" } else { "listen" };
        Some(Unfit::Wrong { field: field.to_owned(), problem })
    }

    /// Opens the door, the first time.
    ///
    /// # Errors
    /// [`SendError::Unreachable`] when the address is not to be had: without receipts nothing should be sent. Whoever holds
    /// it may go.
    pub(super) async fn open(&self) -> Result<(), SendError> {
        let listen = self.hall.entry.listen;
        let refused = |error: io::Error| {
            let detail = format!("listen = {listen}: {error}");
            self.hall.note(Some(Misfit::DoorShut(detail.clone())));
            SendError::Unreachable { detail }
        };
        let stand = async {
            let listener = TcpListener::bind(listen).await?;
            let address = listener.local_addr()?;
            self.hall.note(None);
            let mut porter = JoinSet::new();
            porter.spawn(receive(listener, Arc::clone(&self.hall)));
            Ok(Standing { address, _porter: porter })
        };
        self.standing.get_or_try_init(|| stand).await.map(|_standing| ()).map_err(refused)
    }
}

async fn receive(listener: TcpListener, hall: Arc<Hall>) {
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            met = listener.accept() => match met {
                Ok((socket, from)) if guests.len() < MOST_GUESTS && hall.lets_in(from.ip()) => {
                    guests.spawn(Guest::new(Arc::clone(&hall), socket).attend());
                }
                Ok((_turned_away, from)) => {
                    let account = &hall.entry.account;
                    tracing::warn!(%account, %from, "a connection to the gateway's door is turned away");
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted; are there too many open files?");
                    hall.clock.sleep(BREATH).await;
                }
            },
            Some(_left) = guests.join_next() => {}
        }
    }
}

impl Hall {
    fn note(&self, trouble: Option<Misfit>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn lets_in(&self, address: IpAddr) -> bool {
        let (known, address) = (&self.entry.addresses, address.to_canonical());
        known.is_empty() || known.iter().any(|one| one.to_canonical() == address)
    }

    /// What a bind is answered.
    fn judge(&self, bind: &Bind) -> CommandResult {
        let Entry { login_name, password, .. } = &self.entry;
        if bind.login_type != FROM_GATEWAY {
            return CommandResult::LOGIN_TYPE;
        }
        let knows =
            bind.login_name == *login_name && bind.login_password.as_bytes() == password.expose().as_bytes();
        if knows { CommandResult::OK } else { CommandResult::LOGIN }
    }
}

/// Whether a connection goes on.
#[derive(PartialEq, Eq)]
enum Stay {
    Yes,
    No,
}

/// One connection of the gateway.
struct Guest {
    hall: Arc<Hall>,
    socket: TcpStream,
    heard: BytesMut,
    words: Arc<Words>,
    bound: bool,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.hall.mailroom.forget(&self.words);
    }
}

impl Guest {
    fn new(hall: Arc<Hall>, socket: TcpStream) -> Self {
        Self { hall, socket, heard: BytesMut::new(), words: Arc::default(), bound: false }
    }

    /// From the first octet to the last.
    async fn attend(mut self) {
        let account = self.hall.entry.account.clone();
        match self.listen().await {
            Ok(()) => tracing::debug!(%account, "the gateway's connection ended"),
            Err(error) => tracing::warn!(%account, %error, "the gateway's connection broke"),
        }
    }

    async fn listen(&mut self) -> io::Result<()> {
        self.socket.set_nodelay(true)?;
        loop {
            let stay = self.decode();
            self.write().await?;
            if stay == Stay::No {
                return self.socket.shutdown().await;
            }
            if !self.wait().await? {
                return Ok(());
            }
        }
    }

    /// Waits for octets, for answers to leave, or for room; false when the connection is to end.
    async fn wait(&mut self) -> io::Result<bool> {
        let hall = Arc::clone(&self.hall);
        let limit = if self.bound { hall.entry.idle } else { hall.entry.response_timeout };
        let room = hall.mailroom.room.notified();
        let reads = hall.mailroom.has_room();
        let (socket, heard, words) = (&mut self.socket, &mut self.heard, &self.words);
        heard.reserve(READ);
        let work = async {
            tokio::select! {
                read = socket.read_buf(heard), if reads => read.map(|octets| octets > 0),
                () = words.stir.notified() => Ok(true),
                () = room, if !reads => Ok(true),
            }
        };
        within(hall.clock.as_ref(), limit, work).await.unwrap_or(Ok(false))
    }

    async fn write(&mut self) -> io::Result<()> {
        let octets = self.words.take();
        if octets.is_empty() {
            return Ok(());
        }
        let (clock, limit) = (self.hall.clock.as_ref(), self.hall.entry.response_timeout);
        let late = |_| Err(io::ErrorKind::TimedOut.into());
        within(clock, limit, self.socket.write_all(&octets)).await.unwrap_or_else(late)
    }

    /// Everything that is whole in the buffer.
    fn decode(&mut self) -> Stay {
        loop {
            let stay = match Framer.push(&mut self.heard) {
                Ok(None) => return Stay::Yes,
                Ok(Some(pdu)) if self.bound => self.hear(pdu),
                Ok(Some(pdu)) => self.greet(&pdu),
                Err(error) => self.hear_broken(&error),
            };
            if stay == Stay::No {
                return stay;
            }
        }
    }

    fn greet(&mut self, pdu: &Pdu) -> Stay {
        let account = &self.hall.entry.account;
        let Body::Bind(bind) = &pdu.body else {
            tracing::warn!(%account, "a connection to the gateway's door did not bind first");
            return Stay::No;
        };
        let result = self.hall.judge(bind);
        self.words.say(pdu.sequence, Body::BindResp(result));
        if result != CommandResult::OK {
            self.hall.note(Some(Misfit::DoorRefused));
            tracing::warn!(
                %account, %result,
                "a bind to the gateway's door is refused; check gateway_login_name and gateway_password_file"
            );
            return Stay::No;
        }
        self.bound = true;
        self.hall.note(None);
        Stay::Yes
    }

    fn hear(&self, Pdu { sequence, body }: Pdu) -> Stay {
        let at = self.hall.clock.now();
        match body {
            Body::Report(report) if verdict::is_fact(&report) => {
                let receipt = verdict::receipt(&report, at);
                self.hall.mailroom.put_receipt(receipt, sequence, &self.words);
            }
            // A step on the way, or of what was passed on.
            Body::Report(_) => self.words.say(sequence, Body::ReportResp(CommandResult::OK)),
            Body::Deliver(wrote) => {
                let reply = Wrote {
                    from: wrote.user_number.as_bytes(),
                    to: &wrote.sp_number.to_text(),
                    words: &wrote.to_text(),
                    // The sequence names the command, and nobody says that a repetition is the same command.
                    id: None,
                    part: wrote.portion(),
                };
                self.hall.mailroom.put_reply(reply.at(at), sequence, &self.words);
            }
            Body::Unbind => {
                self.words.say(sequence, Body::UnbindResp);
                return Stay::No;
            }
            other if other.command_id() & RESPONSE != 0 => {}
            other => self.refuse(Pdu::refusal(sequence, other.command_id(), CommandResult::COMMAND)),
        }
        Stay::Yes
    }

    /// What cannot be read is refused, and the link is closed (clause 3.7.2.4.2).
    fn hear_broken(&self, error: &FrameError) -> Stay {
        tracing::warn!(account = %self.hall.entry.account, %error, "gateway sent what cannot be read");
        self.refuse(Pdu::refusal_of(error));
        Stay::No
    }

    fn refuse(&self, refusal: Option<Pdu>) {
        if let Some(Pdu { sequence, body }) = refusal {
            self.words.say(sequence, body);
        }
    }
}
