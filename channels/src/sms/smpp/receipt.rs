//! What a centre reports about one message: the optional parameters of a deliver_sm, or its text.

use super::{MessageState, NetworkError, ShortMessage, receipt_text::ReceiptFields};
use std::borrow::Cow;

/// A delivery receipt (状态报告) about one part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The id as the centre wrote it; see [`super::MessageIdForm::of_receipt`].
    pub message_id: String,
    /// What became of the part.
    pub state: MessageState,
    /// Whether nothing more will follow about this part.
    pub is_final: bool,
    /// The `stat` verbatim, for the person who has to ask the carrier.
    pub stat: Option<String>,
    /// The `err` verbatim; its meaning is the vendor's.
    pub err: Option<String>,
    /// The network's error.
    pub network_error: Option<NetworkError>,
    /// The `done date` verbatim, mostly `YYMMDDhhmm` in the centre's local time.
    pub done_date: Option<String>,
}

/// A receipt that does not say what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It names no message.
    #[error(
        "receipt of {length} characters names no message: neither receipted_message_id nor id: in its text"
    )]
    NoMessageId {
        /// Characters of its text.
        length: usize,
    },
    /// It names no outcome.
    #[error("receipt of {length} characters names no outcome: neither message_state nor stat: in its text")]
    NoState {
        /// Characters of its text.
        length: usize,
    },
}

impl DeliveryReport {
    /// Reads the receipt in a deliver_sm; `None` when it is a message a person wrote.
    ///
    /// Where both are there, the optional parameters win over the text: the standard fixes them. The text of what was
    /// delivered is then not read at all.
    ///
    /// # Errors
    /// [`ReceiptError`] when id or outcome is in neither place.
    pub fn read(message: &ShortMessage) -> Result<Option<Self>, ReceiptError> {
        if !message.is_receipt() {
            return Ok(None);
        }
        // Of what was delivered nobody asks more than the parameters say; millions of texts need not be read.
        let told = message.tlvs.receipted_message_id().is_some()
            && message.tlvs.message_state() == Some(MessageState::Delivered);
        let text = if told { Cow::Borrowed("") } else { message.to_text() };
        let fields = ReceiptFields::find(&text);
        let length = || text.chars().count();
        let stated = fields.stat.map(MessageState::from_stat);
        let state = message
            .tlvs
            .message_state()
            .or(stated)
            .ok_or_else(|| ReceiptError::NoState { length: length() })?;
        Ok(Some(Self {
            message_id: message_id(message, fields.id)
                .ok_or_else(|| ReceiptError::NoMessageId { length: length() })?,
            state,
            is_final: state.is_final() && !message.is_intermediate(),
            stat: fields.stat.map(str::to_owned),
            err: fields.err.map(str::to_owned),
            network_error: message.tlvs.network_error_code(),
            done_date: fields.done_date.map(str::to_owned),
        }))
    }
}

fn message_id(message: &ShortMessage, written: Option<&str>) -> Option<String> {
    let stated = message.tlvs.receipted_message_id().map(|id| String::from_utf8_lossy(id).into_owned());
    stated.or_else(|| written.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Tlv, Tlvs,
        short_message::{ESM_INTERMEDIATE, ESM_RECEIPT},
        tlv::{MESSAGE_PAYLOAD, MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID},
    };
    use super::*;
    use crate::sms::wire::{Coding, Octets};

    const TEXT: &[u8] =
        b"id:12ab sub:001 dlvrd:000 submit date:2611231200 done date:2611231201 stat:UNDELIV err:011 text:";

    fn receipt(esm_class: u8, text: &'static [u8], tlvs: &[(u16, &[u8])]) -> ShortMessage {
        let tlvs = tlvs.iter().map(|&(tag, value)| Tlv { tag, value });
        ShortMessage {
            esm_class,
            short_message: Octets::new("short_message", text).unwrap(),
            tlvs: Tlvs::new(tlvs).unwrap(),
            ..ShortMessage::default()
        }
    }

    fn read(message: &ShortMessage) -> DeliveryReport {
        DeliveryReport::read(message).unwrap().unwrap()
    }

    #[test]
    fn a_receipt_of_text_alone_is_read() {
        let report = read(&receipt(ESM_RECEIPT, TEXT, &[]));
        assert_eq!((report.message_id.as_str(), report.state), ("12ab", MessageState::Undeliverable));
        assert_eq!((report.err.as_deref(), report.done_date.as_deref()), (Some("011"), Some("2611231201")));
        assert!(report.is_final);
    }

    #[test]
    fn parameters_win_over_the_text() {
        let tlvs: [(u16, &[u8]); 3] =
            [(RECEIPTED_MESSAGE_ID, b"4779\0"), (MESSAGE_STATE, &[3]), (NETWORK_ERROR_CODE, &[3, 1, 2])];
        let report = read(&receipt(0, TEXT, &tlvs));
        assert_eq!((report.message_id.as_str(), report.state), ("4779", MessageState::Expired));
        assert_eq!(report.network_error, Some(NetworkError { network: 3, code: 0x0102 }));
        assert_eq!(report.stat.as_deref(), Some("UNDELIV"));
    }

    #[test]
    fn of_what_was_delivered_the_parameters_tell_enough() {
        let tlvs: [(u16, &[u8]); 2] = [(RECEIPTED_MESSAGE_ID, b"4779\0"), (MESSAGE_STATE, &[2])];
        let report = read(&receipt(0, TEXT, &tlvs));
        assert_eq!((report.message_id.as_str(), report.state), ("4779", MessageState::Delivered));
        assert_eq!((report.stat, report.err), (None, None));
    }

    #[test]
    fn a_reserved_state_code_falls_back_to_the_text() {
        let report = read(&receipt(ESM_RECEIPT, TEXT, &[(MESSAGE_STATE, &[99])]));
        assert_eq!(report.state, MessageState::Undeliverable);
    }

    #[test]
    fn an_intermediate_notification_is_not_the_end() {
        assert!(!read(&receipt(ESM_INTERMEDIATE, TEXT, &[])).is_final);
        assert!(!read(&receipt(ESM_RECEIPT, b"id:1 stat:ACCEPTD", &[])).is_final);
    }

    #[test]
    fn a_receipt_in_the_payload_or_in_ucs2_is_read_too() {
        assert_eq!(read(&receipt(ESM_RECEIPT, b"", &[(MESSAGE_PAYLOAD, TEXT)])).message_id, "12ab");

        let mut wide = receipt(ESM_RECEIPT, b"\0i\0d\0:\x007\0 \0s\0t\0a\0t\0:\0E\0X\0P\0I\0R\0E\0D", &[]);
        wide.data_coding = Coding::UCS2.0;
        assert_eq!((read(&wide).message_id.as_str(), read(&wide).state), ("7", MessageState::Expired));
    }

    #[test]
    fn a_citizens_answer_is_no_receipt() {
        assert_eq!(DeliveryReport::read(&receipt(0, b"id:1 stat:DELIVRD", &[])), Ok(None));
    }

    #[test]
    fn a_receipt_about_nothing_says_what_it_lacks() {
        let nameless = DeliveryReport::read(&receipt(ESM_RECEIPT, b"stat:DELIVRD", &[]));
        assert_eq!(nameless, Err(ReceiptError::NoMessageId { length: 12 }));
        let open = DeliveryReport::read(&receipt(ESM_RECEIPT, b"id:7", &[]));
        assert_eq!(open, Err(ReceiptError::NoState { length: 4 }));
    }
}
