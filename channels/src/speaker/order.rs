//! A message as it goes to boxes: the frame, made once for all of them, and the little that the hub must know of it.

use mingluo_model::{
    bulletin::{Action, Bulletin, EbmId, Envelope, Malformed, codec},
    channel::Unfit,
    clock::Timestamp,
    link::{CityFrame, FRAME_LIMIT, Order},
    message::{Body, Message},
    mode::{Mode, ModeKind},
    region::Level,
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// An order that any box can be handed.
#[derive(Debug)]
pub(super) struct SealedOrder {
    /// The bulletin's name, under which boxes report.
    pub(super) ebm: EbmId,
    /// The frame's text; all boxes share its bytes.
    pub(super) frame: Utf8Bytes,
    /// Not to be handed out from this instant on.
    pub(super) end: Timestamp,
    /// Its number under its key: boxes take numbers in order, or nearly so.
    pub(super) seq: u64,
    tier: Level,
    silences: Silences,
}

/// What an order silences.
#[derive(Debug, PartialEq, Eq)]
enum Silences {
    /// These bulletins; mostly none.
    Named(Vec<EbmId>),
    /// All of its tier and below.
    All,
}

impl Silences {
    fn of(bulletin: Bulletin) -> Self {
        let mut named = bulletin.related;
        match bulletin.action {
            Action::Play => {}
            Action::Stop(stopped) => named.extend(stopped),
            Action::StopAll => return Self::All,
        }
        Self::Named(named)
    }
}

impl SealedOrder {
    /// Reads a message's envelope; whether its signature is good is for the boxes to say.
    pub(super) fn of<M: Mode>(message: &Message<M>) -> Result<Self, Unfit> {
        let Body::Speaker { envelope, .. } = &message.body else {
            return Err(wrong("body", format!("{:?}, speakers need a bulletin", message.body.channel())));
        };
        Self::read(envelope, M::KIND)
    }

    /// The same of an envelope's bytes.
    pub(super) fn read(envelope: &[u8], mode: ModeKind) -> Result<Self, Unfit> {
        let bulletin = Envelope::from_bytes(envelope)
            .and_then(|envelope| codec::decode(&envelope.body))
            .map_err(|Malformed { field, problem }| wrong(field, problem))?;
        if bulletin.mode != mode {
            let problem = format!("{:?} on a {:?} channel; sign it for this mode", bulletin.mode, mode);
            return Err(wrong("mode", problem));
        }
        let order = Order { ebm: bulletin.ebm, envelope: envelope.to_vec() };
        let text = CityFrame::Order(order).write();
        if text.len() > FRAME_LIMIT {
            let (length, longest) = (text.len(), FRAME_LIMIT);
            return Err(Unfit::TooLong {
                field: "envelope".into(),
                length,
                longest,
                unit: "bytes as a frame",
            });
        }
        Ok(Self {
            ebm: bulletin.ebm,
            frame: text.into(),
            end: bulletin.end,
            seq: bulletin.seq,
            tier: bulletin.tier,
            silences: Silences::of(bulletin),
        })
    }

    /// Whether it silences anything.
    pub(super) fn is_silencing(&self) -> bool {
        self.silences != Silences::Named(Vec::new())
    }

    /// Whether it silences that order, and may: nobody silences a higher tier's.
    pub(super) fn silences(&self, other: &Self) -> bool {
        let named = match &self.silences {
            Silences::Named(named) => named.contains(&other.ebm),
            Silences::All => other.ebm != self.ebm,
        };
        named && self.tier >= other.tier
    }

    /// The same order with an end that is not later than this.
    pub(super) fn until(self, not_after: Timestamp) -> Self {
        Self { end: self.end.min(not_after), ..self }
    }
}

fn wrong(field: &str, problem: String) -> Unfit {
    Unfit::Wrong { field: field.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaker::village::{NOW, bulletin, message};
    use mingluo_model::mode::{Drill, Live};

    #[test]
    fn an_order_ends_with_the_bulletin_or_the_plan_whichever_is_first() {
        let order = || SealedOrder::of(&message::<Live>(&bulletin(1))).unwrap();
        assert_eq!(order().end, bulletin(1).end);
        assert_eq!(order().until(Timestamp(NOW.0 + 1)).end, Timestamp(NOW.0 + 1));
    }

    #[test]
    fn a_live_bulletin_never_leaves_on_a_drills_channel() {
        let unfit = SealedOrder::of(&message::<Drill>(&bulletin(1))).unwrap_err();
        assert!(matches!(unfit, Unfit::Wrong { field, .. } if field == "mode"));
    }

    #[test]
    fn bytes_that_are_no_envelope_are_named() {
        let message = message::<Live>(&bulletin(1));
        let body = Body::Speaker { envelope: vec![9; 40], script: String::new() };
        let unfit =
            SealedOrder::of(&Message::<Live>::new(message.alert, message.grade, message.language, body))
                .unwrap_err();
        assert!(matches!(unfit, Unfit::Wrong { field, .. } if field == "envelope.version"));
    }
}
