//! The door at which the relay hands over what comes back to our return paths: a little SMTP server (RFC 5321) that
//! takes mail for nobody but deliveries of ours. A mail is answered 250 when what it says is durable, so that the relay
//! keeps what we have not; what is no report is taken and forgotten.

use super::{
    bounce::{Said, read},
    door::EmailDoor,
    tag::Tag,
};
use async_trait::async_trait;
use mingluo_model::{
    clock::{SharedClock, within},
    delivery::Reason,
    receipt::{Receipt, ReceiptStatus},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections at once; a relay opens a handful, and more wait to be accepted.
const AT_ONCE: usize = 64;
/// How long a relay may be silent. RFC 5321 section 4.5.3.2.7 asks for five minutes.
const PATIENCE: Duration = Duration::from_mins(5);
/// The longest command line, with room for extensions (RFC 5321 section 4.5.3.1.4), in bytes.
const LONGEST_LINE: u64 = 2_048;
/// The longest mail that is taken, in bytes; told in EHLO. Reports with the headers of ours have a few thousand.
const LONGEST_MAIL: usize = 1 << 20;
/// Recipients of one mail.
const MOST_RECIPIENTS: usize = 100;

/// What news of a mail say of its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailbox {
    /// Nothing: the next mail may arrive.
    Unsaid,
    /// Nobody has it.
    Nobodys,
}

/// News of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Which it was.
    pub tag: Tag,
    /// What became of it.
    pub receipt: Receipt,
    /// What that says of the mailbox.
    pub mailbox: Mailbox,
}

/// Where news of mails are kept.
#[async_trait]
pub trait Keep: Send + Sync + 'static {
    /// Makes them durable. The same may come again.
    ///
    /// # Errors
    /// Why they are not; the relay is asked to come again.
    async fn keep(&self, news: Vec<News>) -> Result<(), String>;
}

/// Serves until it is stopped; connections that are open then are cut, and their relays come again.
pub async fn serve(
    door: Arc<EmailDoor>,
    listener: TcpListener,
    keep: Arc<dyn Keep>,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let (permits, open) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let Ok((socket, _)) = listener.accept().await else { continue };
            let (door, keep, clock) = (Arc::clone(&door), Arc::clone(&keep), clock.clone());
            let stopped = stop.clone();
            open.spawn(async move {
                let _permit = permit;
                let talk = talk(socket, door, keep, clock);
                tokio::select! {
                    // A connection that breaks is the relay's affair: it keeps what was not answered.
                    _broken = talk => {}
                    () = stopped.cancelled() => {}
                }
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop.cancelled() => {}
    }
    open.close();
    open.wait().await;
}

async fn talk(
    socket: TcpStream,
    door: Arc<EmailDoor>,
    keep: Arc<dyn Keep>,
    clock: SharedClock,
) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut talk =
        Talk { stream: BufReader::new(socket), door, keep, clock, has_sender: false, tags: Vec::new() };
    talk.say("220 ready for reports only").await?;
    while let Some(line) = talk.line().await? {
        if !talk.obey(&line).await? {
            break;
        }
    }
    talk.stream.shutdown().await
}

struct Talk {
    stream: BufReader<TcpStream>,
    door: Arc<EmailDoor>,
    keep: Arc<dyn Keep>,
    clock: SharedClock,
    has_sender: bool,
    tags: Vec<Tag>,
}

impl Talk {
    /// Does what a command says; `false` when the connection is to end.
    async fn obey(&mut self, line: &str) -> io::Result<bool> {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                self.forget();
                self.say(&format!(
                    "250-reports\r\n250-SIZE {LONGEST_MAIL}\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
                ))
                .await?;
            }
            "HELO" => {
                self.forget();
                self.say("250 reports").await?;
            }
            "MAIL" => {
                self.forget();
                self.has_sender = true;
                self.say("250 2.1.0 ok").await?;
            }
            "RCPT" => self.recipient(line).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 ok").await?;
            }
            "NOOP" => self.say("250 2.0.0 ok").await?,
            "QUIT" => {
                self.say("221 2.0.0 goodbye").await?;
                return Ok(false);
            }
            _ => self.say("502 5.5.1 not known here").await?,
        }
        Ok(true)
    }

    async fn recipient(&mut self, line: &str) -> io::Result<()> {
        if !self.has_sender {
            return self.say("503 5.5.1 MAIL first").await;
        }
        if self.tags.len() == MOST_RECIPIENTS {
            return self.say("452 4.5.3 too many recipients").await;
        }
        let mailbox = line.split_once('<').and_then(|(_, rest)| Some(rest.split_once('>')?.0));
        match mailbox.and_then(|mailbox| self.door.returned_to(mailbox)) {
            Some(tag) => {
                self.tags.push(tag);
                self.say("250 2.1.5 ok").await
            }
            None => self.say("550 5.1.1 no delivery of ours").await,
        }
    }

    async fn data(&mut self) -> io::Result<bool> {
        if self.tags.is_empty() {
            self.say("503 5.5.1 RCPT first").await?;
            return Ok(true);
        }
        self.say("354 end with a dot").await?;
        let Some(content) = self.content().await? else { return Ok(false) };
        let tags = std::mem::take(&mut self.tags);
        self.forget();
        let answer = match content {
            Some(mail) => self.take(&tags, &mail).await,
            None => "552 5.3.4 longer than SIZE says",
        };
        self.say(answer).await?;
        Ok(true)
    }

    async fn take(&self, tags: &[Tag], mail: &[u8]) -> &'static str {
        let at = self.clock.now();
        let (status, far_code, mailbox) = match read(mail) {
            Said::News(status, far_code) => (status, far_code, Mailbox::Unsaid),
            Said::Nobody(far_code) => (ReceiptStatus::Failed(Reason::BadAddress), far_code, Mailbox::Nobodys),
            Said::NoNews => return "250 2.0.0 noted",
            Said::Automatic => return "250 2.0.0 an automatic answer, not read",
            Said::Unknown => {
                tracing::info!(account = %self.door.account(), "a mail that came back is no report; it is not kept");
                return "250 2.0.0 no report, not read";
            }
        };
        let far_code = &far_code[..far_code.floor_char_boundary(64)];
        let news = |tag: &Tag| {
            let (tag, far_code) = (*tag, far_code.to_owned());
            let receipt = Receipt { provider_id: tag.provider_id(), status, to: None, far_code, at };
            News { tag, receipt, mailbox }
        };
        match self.keep.keep(tags.iter().map(news).collect()).await {
            Ok(()) => "250 2.0.0 kept",
            Err(error) => {
                let account = &self.door.account().0;
                tracing::error!(account, error, "a report could not be kept; the relay will bring it again");
                "451 4.3.0 not kept, come again"
            }
        }
    }

    /// The mail before the final dot: `Some(None)` for one that is too long, `None` when the connection ends.
    async fn content(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut mail = Some(Vec::new());
        // Whether the bytes at hand begin a line: a very long line comes in pieces.
        let mut begins = true;
        loop {
            let piece = self.piece().await?;
            if piece.is_empty() {
                return Ok(None);
            }
            if begins && piece == b".\r\n" {
                return Ok(Some(mail));
            }
            let text = if begins { piece.strip_prefix(b".").unwrap_or(&piece) } else { &piece };
            begins = piece.ends_with(b"\n");
            mail = mail.filter(|mail| mail.len() + text.len() <= LONGEST_MAIL);
            if let Some(mail) = &mut mail {
                mail.extend_from_slice(text);
            }
        }
    }

    /// One command; `None` when the other side is gone, silent, or sends what is none.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let piece = self.piece().await?;
        let line = String::from_utf8(piece).ok().filter(|line| line.ends_with('\n'));
        Ok(line.map(|line| line.trim_end().to_owned()))
    }

    /// Up to the next line end, or as much as a command may have; empty at the end of the connection.
    async fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        let mut limited = (&mut self.stream).take(LONGEST_LINE);
        let reading = limited.read_until(b'\n', &mut piece);
        within(self.clock.as_ref(), PATIENCE, reading).await.map_err(io::Error::other)??;
        Ok(piece)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{text}\r\n");
        let writing = self.stream.get_mut().write_all(line.as_bytes());
        within(self.clock.as_ref(), PATIENCE, writing).await.map_err(io::Error::other)?
    }

    fn forget(&mut self) {
        self.has_sender = false;
        self.tags.clear();
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
