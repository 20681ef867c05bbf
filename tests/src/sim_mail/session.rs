//! One SMTP connection of the pretend relay. Commands may come pipelined: answers are flushed when none is waiting.

use super::{
    Relay,
    report::{Mailed, Notify},
};
use crate::sim_journal::What;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter},
    net::TcpStream,
};

/// The longest command line (RFC 5321 section 4.5.3.1.4, with room for extensions), in bytes.
const LONGEST_LINE: u64 = 2_048;
/// The longest line of a mail (RFC 5321 section 4.5.3.1.6), with its dot and line end.
const LONGEST_TEXT_LINE: u64 = 1_001;
/// The longest mail, in bytes; told in EHLO.
const LONGEST_MAIL: usize = 10_240_000;

struct Talk<'a> {
    stream: BufReader<BufWriter<TcpStream>>,
    relay: &'a Arc<Relay>,
    /// The return path of the mail under way.
    sender: Option<String>,
    mailboxes: Vec<(String, Notify)>,
}

/// Serves one connection to its end.
pub(super) async fn serve(socket: TcpStream, relay: &Arc<Relay>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let stream = BufReader::new(BufWriter::new(socket));
    let mut talk = Talk { stream, relay, sender: None, mailboxes: Vec::new() };
    talk.answer("220 sim-mail.invalid ESMTP pretend relay, nothing is delivered").await?;
    while let Some(line) = talk.line(LONGEST_LINE).await? {
        if !talk.obey(line.trim_end()).await? {
            break;
        }
    }
    talk.stream.shutdown().await
}

impl Talk<'_> {
    /// Does what a command says; `false` when the connection is to end.
    async fn obey(&mut self, line: &str) -> io::Result<bool> {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.answer(&greeting()).await?,
            "HELO" => self.answer("250 sim-mail.invalid").await?,
            "MAIL" => self.mail(line).await?,
            "RCPT" => self.recipient(line).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.forget();
                self.answer("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.answer("250 2.0.0 ok").await?,
            "QUIT" => {
                self.answer("221 2.0.0 goodbye").await?;
                self.stream.flush().await?;
                return Ok(false);
            }
            _ => self.answer("502 5.5.1 unknown command").await?,
        }
        Ok(true)
    }

    async fn mail(&mut self, line: &str) -> io::Result<()> {
        self.forget();
        let Some((sender, _)) = path(line) else { return self.answer("501 5.1.7 MAIL FROM:<mailbox>").await };
        self.sender = Some(sender.to_owned());
        self.answer("250 2.1.0 sender ok").await
    }

    async fn recipient(&mut self, line: &str) -> io::Result<()> {
        if self.sender.is_none() {
            return self.answer("503 5.5.1 MAIL first").await;
        }
        let Some((mailbox, parameters)) = path(line) else {
            return self.answer("501 5.1.3 RCPT TO:<mailbox>").await;
        };
        if let Some(refusal) = self.relay.turn_down(mailbox) {
            self.relay.journal.note(What::Refused, "", mailbox, refusal);
            return self.answer(refusal).await;
        }
        self.mailboxes.push((mailbox.to_owned(), Notify::of(parameters)));
        self.answer("250 2.1.5 recipient ok").await
    }

    async fn data(&mut self) -> io::Result<bool> {
        if self.mailboxes.is_empty() {
            self.answer("503 5.5.1 RCPT first").await?;
            return Ok(true);
        }
        self.answer("354 end with a dot").await?;
        let Some(mail) = self.content().await? else { return Ok(false) };
        if let slow_ms @ 1.. = self.relay.faults.slow_ms {
            self.relay.clock.sleep(Duration::from_millis(slow_ms)).await;
        }
        let dies = self.relay.dies();
        self.record(&mail, dies);
        if !dies {
            self.report(message_id(&mail));
        }
        self.forget();
        if !dies {
            self.answer("250 2.0.0 taken").await?;
        }
        Ok(!dies)
    }

    fn record(&self, mail: &str, dies: bool) {
        let id = message_id(mail);
        for (mailbox, _) in &self.mailboxes {
            self.relay.keep(mailbox, mail);
            if dies {
                let detail = "taken, but the connection was cut before the answer";
                self.relay.journal.note(What::Withheld, id, mailbox, detail);
            } else {
                self.relay.journal.note(What::Accepted, id, mailbox, &format!("{} bytes", mail.len()));
            }
        }
    }

    /// What becomes of the mail is told to its return path, later.
    fn report(&self, id: &str) {
        let Some(sender) = &self.sender else { return };
        for (mailbox, notify) in &self.mailboxes {
            Arc::clone(self.relay).report(Mailed {
                id: id.to_owned(),
                sender: sender.clone(),
                mailbox: mailbox.clone(),
                notify: *notify,
            });
        }
    }

    /// Reads a mail up to its final dot and takes the stuffing out; `None` when it breaks off or is too long.
    async fn content(&mut self) -> io::Result<Option<String>> {
        let mut mail = String::new();
        while let Some(line) = self.line(LONGEST_TEXT_LINE).await? {
            if line == ".\r\n" {
                return Ok(Some(mail));
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            if mail.len() > LONGEST_MAIL {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// One line with its end; `None` when the other side is gone or sends what is no line.
    async fn line(&mut self, longest: u64) -> io::Result<Option<String>> {
        if self.stream.buffer().is_empty() {
            self.stream.flush().await?;
        }
        let mut line = Vec::new();
        (&mut self.stream).take(longest).read_until(b'\n', &mut line).await?;
        Ok(String::from_utf8(line).ok().filter(|line| line.ends_with("\r\n")))
    }

    async fn answer(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await
    }

    fn forget(&mut self) {
        self.sender = None;
        self.mailboxes.clear();
    }
}

fn greeting() -> String {
    format!(
        "250-sim-mail.invalid\r\n250-PIPELINING\r\n250-SIZE {LONGEST_MAIL}\r\n250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES"
    )
}

/// The mailbox of MAIL or RCPT, and the parameters after it.
fn path(line: &str) -> Option<(&str, &str)> {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>'))
}

/// The Message-ID header's value; empty when there is none.
fn message_id(mail: &str) -> &str {
    let header = mail.split("\r\n\r\n").next().unwrap_or_default();
    let line = header.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
    line.map_or("", |line| line["message-id:".len()..].trim())
}
