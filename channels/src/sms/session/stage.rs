//! What stories of all carriers need: a gateway that a test plays by hand, two residents, a run and a secret.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::BytesMut;
use mingluo_model::{
    address::Address,
    alert::Language,
    channel::{Parcel, Recall, Report, Run, Session},
    clock::{Timestamp, system::SystemClock, within},
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::Live,
};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Noon in Beijing, 2026-11-23.
pub(in crate::sms) const NOW: Timestamp = Timestamp(1_795_406_400_000);
pub(in crate::sms) const ANNA: &str = "+8619730000001";
pub(in crate::sms) const BERT: &str = "+8619730000002";

/// A gateway's end of a connection, whose every word a test writes.
pub(in crate::sms) struct Peer {
    pub(in crate::sms) socket: TcpStream,
    heard: BytesMut,
}

impl Peer {
    pub(in crate::sms) fn new(socket: TcpStream) -> Self {
        Self { socket, heard: BytesMut::new() }
    }

    /// The next that `read` finds; `None` when the other side has closed.
    pub(in crate::sms) async fn hear<T>(&mut self, read: impl Fn(&mut BytesMut) -> Option<T>) -> Option<T> {
        loop {
            if let Some(pdu) = read(&mut self.heard) {
                return Some(pdu);
            }
            if soon(self.socket.read_buf(&mut self.heard)).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub(in crate::sms) async fn say(&mut self, octets: &[u8]) {
        self.socket.write_all(octets).await.unwrap();
    }
}

/// A file with `secret` on its first line, put in its place whole, since stories run side by side.
pub(in crate::sms) fn secret_file(secret: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("mingluo-story-{secret}"));
    let own = file.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::write(&own, format!("{secret}\n")).unwrap();
    std::fs::rename(own, &file).unwrap();
    file
}

pub(in crate::sms) fn message(text: &str) -> Arc<Message<Live>> {
    let alert = AlertId::new(NOW, &mut StdRng::seed_from_u64(1));
    Arc::new(Message::new(alert, Grade::Red, Language::chinese(), Body::Sms { text: text.into() }))
}

/// A text to numbers, each with the parts that are to leave; it is void an hour from [`NOW`].
pub(in crate::sms) fn run(text: &str, to: &[(&str, u16)]) -> Run<Live> {
    let parcel = |(ordinal, (number, part_set)): (usize, &(&str, u16))| Parcel {
        ordinal: ordinal as u32,
        attempt: 1,
        part_set: *part_set,
        to: Address::new(*number),
    };
    Run {
        plan: PlanId::new(NOW, &mut StdRng::seed_from_u64(7)),
        message: message(text),
        not_after: NOW.plus(Duration::from_hours(1)),
        recall: Recall::default(),
        call: None,
        parcels: to.iter().enumerate().map(parcel).collect(),
    }
}

/// A story that comes to a stand fails, whatever its own clock says.
pub(in crate::sms) async fn soon<T>(story: impl Future<Output = T>) -> T {
    let clock = SystemClock::shared();
    within(clock.as_ref(), Duration::from_secs(10), story).await.expect("the story goes on")
}

/// What comes in next.
pub(in crate::sms) async fn next(session: &mut Session<Live>) -> Vec<Report> {
    so_many(session, 1).await
}

/// What comes in until there are so many reports.
pub(in crate::sms) async fn so_many(session: &mut Session<Live>, count: usize) -> Vec<Report> {
    let mut reports = Vec::new();
    while reports.len() < count {
        soon(session.inlet.next(&mut reports)).await.unwrap();
    }
    reports
}

/// Prepares and sends; the first key.
pub(in crate::sms) async fn send(session: &mut Session<Live>, run: &Run<Live>) -> u64 {
    let first = session.outlet.prepare(run).unwrap().first;
    session.outlet.send().await.unwrap();
    first
}
