//! A line to an MQTT 3.1.1 broker, as much of it as is needed here: connect, subscribe, publish, and what comes.

use anyhow::{Context as _, Result, bail, ensure};
use bytes::BytesMut;
use rumqttc::mqttbytes::{
    Error, QoS,
    v4::{Connect, ConnectReturnCode, Packet, PubAck, Publish, Subscribe},
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The topic of orders to all.
pub(super) const ORDERS: &str = "cmd/all";
/// Before a box's code: the topic of its answer.
pub(super) const ANSWERS: &str = "ack/";
/// Seconds after which the broker misses a silent client.
const KEEP_ALIVE: u16 = 120;
/// The longest packet.
const LONGEST: usize = mingluo_model::link::FRAME_LIMIT + 1024;

/// A connected client.
pub(super) struct Line<S> {
    stream: S,
    inbox: BytesMut,
    outbox: BytesMut,
    serial: u16,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// Says who it is and is let in.
    pub(super) async fn connect(stream: S, name: &str) -> Result<Self> {
        let mut line = Self { stream, inbox: BytesMut::new(), outbox: BytesMut::new(), serial: 0 };
        let connect = Connect { keep_alive: KEEP_ALIVE, ..Connect::new(name) };
        line.send(&[Packet::Connect(connect)]).await?;
        match line.next().await? {
            Packet::ConnAck(ack) => ensure!(ack.code == ConnectReturnCode::Success, "{:?}", ack.code),
            other => bail!("{other:?} instead of CONNACK"),
        }
        Ok(line)
    }

    /// Subscribes and waits until that holds.
    pub(super) async fn subscribe(&mut self, topic: &str) -> Result<()> {
        let mut subscribe = Subscribe::new(topic, QoS::AtLeastOnce);
        subscribe.pkid = self.number();
        self.send(&[Packet::Subscribe(subscribe)]).await?;
        match self.next().await? {
            Packet::SubAck(_) => Ok(()),
            other => bail!("{other:?} instead of SUBACK"),
        }
    }

    /// A publication of quality 1, to be sent.
    pub(super) fn publication(&mut self, topic: String, payload: &str) -> Packet {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload);
        publish.pkid = self.number();
        Packet::Publish(publish)
    }

    /// The acknowledgement of one that came.
    pub(super) fn acknowledgement(publish: &Publish) -> Packet {
        Packet::PubAck(PubAck::new(publish.pkid))
    }

    pub(super) async fn send(&mut self, packets: &[Packet]) -> Result<()> {
        for packet in packets {
            packet.write(&mut self.outbox, LONGEST)?;
        }
        self.stream.write_all(&self.outbox).await?;
        self.outbox.clear();
        Ok(self.stream.flush().await?)
    }

    /// The next packet. Safe to cancel.
    pub(super) async fn next(&mut self) -> Result<Packet> {
        loop {
            match Packet::read(&mut self.inbox, LONGEST) {
                Ok(packet) => return Ok(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(error).context("no MQTT packet"),
            }
            ensure!(self.stream.read_buf(&mut self.inbox).await? > 0, "the other end closed the line");
        }
    }

    const fn number(&mut self) -> u16 {
        self.serial = self.serial % (u16::MAX - 1) + 1;
        self.serial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_whatever_pieces_it_comes_in() {
        let (near, mut far) = tokio::io::duplex(3);
        let mut line =
            Line { stream: near, inbox: BytesMut::new(), outbox: BytesMut::new(), serial: u16::MAX - 2 };
        let sent = line.publication("ack/1".to_owned(), "1");
        let mut octets = BytesMut::new();
        sent.write(&mut octets, LONGEST).unwrap();
        let (heard, written) = tokio::join!(line.next(), far.write_all(&octets));
        written.unwrap();
        assert_eq!(heard.unwrap(), sent);
        assert_eq!([line.number(), line.number()], [1, 2], "zero is no number of a packet");
    }
}
