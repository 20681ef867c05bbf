//! One SMTP connection of the pretend relay. Commands may come pipelined: answers are flushed when none is waiting.

use super::Relay;
use crate::sim_journal::What;
use std::{io, time::Duration};
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
    relay: &'a Relay,
    has_sender: bool,
    mailboxes: Vec<String>,
}

/// Serves one connection to its end.
pub(super) async fn serve(socket: TcpStream, relay: &Relay) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let stream = BufReader::new(BufWriter::new(socket));
    let mut talk = Talk { stream, relay, has_sender: false, mailboxes: Vec::new() };
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
            "MAIL" => self.mail().await?,
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

    async fn mail(&mut self) -> io::Result<()> {
        self.forget();
        self.has_sender = true;
        self.answer("250 2.1.0 sender ok").await
    }

    async fn recipient(&mut self, line: &str) -> io::Result<()> {
        if !self.has_sender {
            return self.answer("503 5.5.1 MAIL first").await;
        }
        let Some((mailbox, _)) = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')) else {
            return self.answer("501 5.1.3 RCPT TO:<mailbox>").await;
        };
        if let Some(refusal) = self.relay.turn_down(mailbox) {
            self.relay.journal.note(What::Refused, "", mailbox, refusal);
            return self.answer(refusal).await;
        }
        self.mailboxes.push(mailbox.to_owned());
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
        self.forget();
        if !dies {
            self.answer("250 2.0.0 taken").await?;
        }
        Ok(!dies)
    }

    fn record(&self, mail: &str, dies: bool) {
        let id = message_id(mail);
        for mailbox in &self.mailboxes {
            if dies {
                let detail = "taken, but the connection was cut before the answer";
                self.relay.journal.note(What::Withheld, id, mailbox, detail);
            } else {
                self.relay.journal.note(What::Accepted, id, mailbox, &format!("{} bytes", mail.len()));
            }
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
        self.has_sender = false;
        self.mailboxes.clear();
    }
}

fn greeting() -> String {
    format!(
        "250-sim-mail.invalid\r\n250-PIPELINING\r\n250-SIZE {LONGEST_MAIL}\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
    )
}

/// The Message-ID header's value; empty when there is none.
fn message_id(mail: &str) -> &str {
    let header = mail.split("\r\n\r\n").next().unwrap_or_default();
    let line = header.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
    line.map_or("", |line| line["message-id:".len()..].trim())
}
