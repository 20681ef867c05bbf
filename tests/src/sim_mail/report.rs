//! What comes back from the pretend relay: reports (RFC 3464) and machines' answers, by SMTP to the mail's own return
//! path, again and again until they are taken.

use super::Relay;
use crate::sim_journal::What;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// How often it is tried to hand something over, and the pause in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// What a sender wants to hear of one recipient (RFC 3461 section 4.1).
#[derive(Clone, Copy)]
pub(super) struct Notify {
    success: bool,
    failure: bool,
}

impl Notify {
    /// From the parameters of RCPT. Who says nothing wants to hear of failures.
    pub(super) fn of(parameters: &str) -> Self {
        let wish = parameters.split_whitespace().find_map(|word| word.strip_prefix("NOTIFY="));
        let Some(wish) = wish else { return Self { success: false, failure: true } };
        let wants = |what| wish.split(',').any(|word| word.eq_ignore_ascii_case(what));
        Self { success: wants("SUCCESS"), failure: wants("FAILURE") }
    }
}

/// A mail that was taken.
pub(super) struct Mailed {
    pub(super) id: String,
    pub(super) sender: String,
    pub(super) mailbox: String,
    pub(super) notify: Notify,
}

impl Relay {
    /// Sees to what comes back of a mail, if anything does.
    pub(super) fn report(self: Arc<Self>, mailed: Mailed) {
        let Some((status, words)) = self.comes_back(&mailed) else { return };
        let reporting = self.reporting.clone();
        reporting.spawn(async move {
            self.clock.sleep(Duration::from_millis(self.faults.report_late_ms)).await;
            for _ in 0..if self.faults.report_double { 2 } else { 1 } {
                self.hand_over(&mailed, &status, &words).await;
            }
        });
    }

    fn comes_back(&self, mailed: &Mailed) -> Option<(String, String)> {
        let Mailed { mailbox, notify, .. } = mailed;
        if mailed.sender.is_empty() {
            return None;
        }
        let strikes = |fault, percent| self.dice().strikes(fault, mailbox, percent);
        if strikes("bounce", self.faults.bounce_percent) {
            let status = "failed 5.1.1".to_owned();
            return notify.failure.then(|| (status, report(mailed, "failed", "5.1.1")));
        }
        if strikes("holiday", self.faults.holiday_percent) {
            return Some(("holiday".to_owned(), holiday(mailed)));
        }
        notify.success.then(|| ("relayed 2.0.0".to_owned(), report(mailed, "relayed", "2.0.0")))
    }

    async fn hand_over(&self, mailed: &Mailed, status: &str, words: &str) {
        for _ in 0..TRIES {
            let to = *self.report_to.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = match to {
                Some(to) => send(to, &mailed.sender, words).await,
                None => Ok(false),
            };
            if matches!(taken, Ok(true)) {
                return self.journal.note(What::Receipt, &mailed.id, &mailed.mailbox, status);
            }
            self.clock.sleep(PAUSE).await;
        }
        self.journal.note(What::Withheld, &mailed.id, &mailed.mailbox, "nobody takes what comes back");
    }
}

/// One mail by SMTP; whether it was taken.
async fn send(to: SocketAddr, mailbox: &str, words: &str) -> io::Result<bool> {
    let mut stream = BufReader::new(TcpStream::connect(to).await?);
    // None of our reports has a line that begins with a dot.
    let content = words.replace('\n', "\r\n");
    let lines = [
        "",
        "EHLO sim-mail.invalid",
        "MAIL FROM:<>",
        &format!("RCPT TO:<{mailbox}>"),
        "DATA",
        &format!("{content}."),
    ];
    for line in lines {
        if !line.is_empty() {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        }
        if !answered(&mut stream).await? {
            return Ok(false);
        }
    }
    stream.write_all(b"QUIT\r\n").await?;
    answered(&mut stream).await
}

/// Whether an answer of one or more lines says yes, or go on.
async fn answered(stream: &mut BufReader<TcpStream>) -> io::Result<bool> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line.starts_with(['2', '3']));
        }
    }
}

fn report(mailed: &Mailed, action: &str, status: &str) -> String {
    let Mailed { id, mailbox, sender, .. } = mailed;
    format!(
        "Return-Path: <>\nFrom: <MAILER-DAEMON@sim-mail.invalid>\nTo: <{sender}>\nSubject: report (pretend)\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_report\"\n\n\
         --=_report\nContent-Type: text/plain\n\n<{mailbox}>: {action}\n\n\
         --=_report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; sim-mail.invalid\n\n\
         Final-Recipient: rfc822; {mailbox}\nAction: {action}\nStatus: {status}\n\n\
         --=_report\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\n\n--=_report--\n"
    )
}

fn holiday(mailed: &Mailed) -> String {
    format!(
        "Return-Path: <>\nFrom: <{}>\nSubject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=\nAuto-Submitted: auto-replied\n\
         Content-Type: text/plain; charset=utf-8\n\n我在休假。550 5.1.1 不是我。\n",
        mailed.mailbox
    )
}
