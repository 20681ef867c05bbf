//! The status report (状态报告) inside a DELIVER (clause 8.4.5.1, table of Msg_Content).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        smpp::MessageState,
        wire::{DecodeError, Fields, Octets, Padded},
    },
    Deliver, MsgId, Terminal, Version,
};

/// Octets of a report whose number has 21, as 2.0 writes it.
const LENGTH_20: usize = 60;
/// Octets of a report whose number has 32, as 3.0 writes it.
const LENGTH_30: usize = 71;

/// What became of one message. `Debug` hides the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The id that SUBMIT_RESP gave, for a group submit that of the recipient.
    pub msg_id: MsgId,
    /// The outcome verbatim, for the person who has to ask the carrier; see [`Report::state`].
    pub stat: Padded<7>,
    /// YYMMDDHHMM in the gateway's local time.
    pub submit_time: Padded<10>,
    /// YYMMDDHHMM in the gateway's local time.
    pub done_time: Padded<10>,
    /// The recipient, written in the gateway's form.
    pub destination: Terminal,
    /// The message centre's own sequence.
    pub smsc_sequence: u32,
}

/// A report that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Its length is none of the standard's.
    #[error("status report of {length} octets: Msg_Length is {LENGTH_20} in CMPP 2.0, {LENGTH_30} in 3.0")]
    Length {
        /// Octets it has.
        length: usize,
    },
    /// A field is missing.
    #[error(transparent)]
    Field(#[from] DecodeError),
}

impl Report {
    /// Reads the report in a deliver; `None` when it is a message a person wrote.
    ///
    /// The length tells the layout, not the session's version: gateways send either over both.
    ///
    /// # Errors
    /// [`ReportError::Length`] when the content has neither length.
    pub fn read(deliver: &Deliver) -> Result<Option<Self>, ReportError> {
        if !deliver.is_report() {
            return Ok(None);
        }
        let content = deliver.content.share();
        let version = match content.len() {
            LENGTH_20 => Version::V20,
            LENGTH_30 => Version::V30,
            length => return Err(ReportError::Length { length }),
        };
        Ok(Some(Self::decode(Fields::new(content), version)?))
    }

    /// What the outcome means. A code `XX:nnnn` names the hop that failed: `MA` to `MC` the message centre, `CA`,
    /// `CB`, `DA`, `DB`, `SA`, `SB` the platforms behind the gateway, `IA` to `IC` the next gateway.
    pub fn state(&self) -> MessageState {
        match self.stat.as_bytes() {
            [first, second, b':', ..] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                MessageState::Undeliverable
            }
            _ => MessageState::from_stat(&self.stat.to_text()),
        }
    }

    /// The Msg_Content that a gateway sends, in the layout of `version`.
    pub fn to_content(&self, version: Version) -> Octets<255> {
        let mut out = BytesMut::with_capacity(LENGTH_30);
        out.put_u64(self.msg_id.0);
        self.stat.put(&mut out);
        self.submit_time.put(&mut out);
        self.done_time.put(&mut out);
        self.destination.put_width(version.number_width(), &mut out);
        out.put_u32(self.smsc_sequence);
        Octets::bounded(out.freeze())
    }

    fn decode(mut fields: Fields, version: Version) -> Result<Self, DecodeError> {
        Ok(Self {
            msg_id: MsgId(fields.u64("Msg_Id")?),
            stat: fields.padded("Stat")?,
            submit_time: fields.padded("Submit_time")?,
            done_time: fields.padded("Done_time")?,
            destination: fields.padded_in("Dest_terminal_Id", version.number_width())?,
            smsc_sequence: fields.u32("SMSC_sequence")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(stat: &str) -> MessageState {
        Report { stat: Padded::new("Stat", stat).unwrap(), ..Report::default() }.state()
    }

    #[test]
    fn a_hop_that_failed_is_a_failure_and_accepted_is_a_step() {
        assert_eq!(state("MA:0054"), MessageState::Undeliverable);
        assert_eq!(state("DELIVRD"), MessageState::Delivered);
        assert!(!state("ACCEPTD").is_final());
        assert_eq!((state(""), state("????:??")), (MessageState::Unknown, MessageState::Unknown));
    }

    #[test]
    fn a_report_of_another_length_is_named() {
        let content = Octets::new("Msg_Content", vec![0; 61]).unwrap();
        let deliver = Deliver { registered_delivery: 1, content, ..Deliver::default() };
        assert_eq!(Report::read(&deliver), Err(ReportError::Length { length: 61 }));
    }
}
