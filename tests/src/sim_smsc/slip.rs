//! The deliver_sm of a receipt, written straight into the buffer that leaves: half of all that the simulator says.
//!
//! It is octet by octet what the codec would write, which its test holds it to.

use bytes::{BufMut, BytesMut};
use mingluo_channels::sms::smpp::{
    Address, HEADER_LENGTH, MessageState,
    command::DELIVER_SM,
    short_message::ESM_RECEIPT,
    time::receipt_date,
    tlv::{MESSAGE_STATE, RECEIPTED_MESSAGE_ID},
};

use super::postbag::Receipt;

/// The centre's local time: Beijing.
pub(super) const OFFSET_MINUTES: i16 = 480;

const MINUTE_US: i64 = 60_000_000;

/// Writes receipts; keeps the two dates of the last one, since a thousand receipts share them.
#[derive(Debug, Default)]
pub(super) struct Slip {
    taken: Date,
    done: Date,
}

impl Slip {
    /// Appends the receipt under `sequence`.
    pub(super) fn write(&mut self, receipt: &Receipt, sequence: u32, now_us: i64, out: &mut BytesMut) {
        let start = out.len();
        for word in [0, DELIVER_SM, 0, sequence] {
            out.put_u32(word);
        }
        out.put_u8(0);
        put_address(&receipt.from, out);
        put_address(&receipt.to, out);
        out.put_slice(&[ESM_RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let id = Decimal::of(receipt.id);
        let text = out.len();
        self.put_text(&id, receipt, now_us, out);
        out[text - 1] = (out.len() - text) as u8;
        put_tlv(RECEIPTED_MESSAGE_ID, &[id.text().as_bytes(), &[0]], out);
        put_tlv(MESSAGE_STATE, &[&[receipt.state as u8]], out);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// The text of appendix B.
    fn put_text(&mut self, id: &Decimal, receipt: &Receipt, now_us: i64, out: &mut BytesMut) {
        let delivered = receipt.state == MessageState::Delivered;
        let (count, error) = if delivered { ("001", "000") } else { ("000", "001") };
        let words = [
            "id:",
            id.text(),
            " sub:001 dlvrd:",
            count,
            " submit date:",
            self.taken.of(receipt.taken_us),
            " done date:",
            self.done.of(now_us),
            " stat:",
            receipt.state.stat(),
            " err:",
            error,
            " text:",
        ];
        for word in words {
            out.put_slice(word.as_bytes());
        }
    }
}

fn put_address(address: &Address, out: &mut BytesMut) {
    out.put_slice(&[address.ton, address.npi]);
    out.put_slice(address.digits.as_bytes());
    out.put_u8(0);
}

fn put_tlv(tag: u16, value: &[&[u8]], out: &mut BytesMut) {
    out.put_u16(tag);
    out.put_u16(value.iter().map(|piece| piece.len()).sum::<usize>() as u16);
    for piece in value {
        out.put_slice(piece);
    }
}

/// A date to the minute, written anew when the minute is another.
#[derive(Debug, Default)]
struct Date {
    minute: Option<i64>,
    text: String,
}

impl Date {
    fn of(&mut self, at_us: i64) -> &str {
        let minute = at_us.div_euclid(MINUTE_US);
        if self.minute != Some(minute) {
            self.minute = Some(minute);
            self.text = receipt_date(at_us / 1_000, OFFSET_MINUTES).unwrap_or_default();
        }
        &self.text
    }
}

/// A number in decimal digits, without an allocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    digits: [u8; 20],
    from: usize,
}

impl Decimal {
    pub(super) fn of(mut number: u64) -> Self {
        let mut decimal = Self { digits: [b'0'; 20], from: 20 };
        loop {
            decimal.from -= 1;
            decimal.digits[decimal.from] += (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return decimal;
            }
        }
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.digits[self.from..]).unwrap_or_default()
    }
}

const _: () = assert!(HEADER_LENGTH == 16, "a header is four words");

#[cfg(test)]
mod tests {
    use mingluo_channels::sms::{
        smpp::{Body, Pdu, ReceiptText, ShortMessage, Tlv, Tlvs},
        wire::Octets,
    };
    use proptest::prelude::*;

    use super::{super::tongue::counter, *};

    fn address(digits: &str) -> Address {
        Address::international("any", digits).unwrap()
    }

    fn by_the_codec(receipt: &Receipt, sequence: u32, submit_date: &str, done_date: &str) -> BytesMut {
        let id = receipt.id.to_string();
        let err = if receipt.state == MessageState::Delivered { "000" } else { "001" };
        let text =
            ReceiptText { id: &id, state: receipt.state, submit_date, done_date, err, text: "" }.to_string();
        let (id, state) = (format!("{id}\0"), [receipt.state as u8]);
        let tlvs = [
            Tlv { tag: RECEIPTED_MESSAGE_ID, value: id.as_bytes() },
            Tlv { tag: MESSAGE_STATE, value: &state },
        ];
        let message = ShortMessage {
            source: receipt.from,
            destination: receipt.to,
            esm_class: ESM_RECEIPT,
            short_message: Octets::new("short_message", text.into_bytes()).unwrap(),
            tlvs: Tlvs::new(tlvs).unwrap(),
            ..ShortMessage::default()
        };
        let mut out = BytesMut::new();
        Pdu::request(sequence, Body::DeliverSm(message)).encode(&mut out);
        out
    }

    proptest! {
        #[test]
        fn a_slip_is_what_the_codec_would_write(
            id: u64, sequence in 1..0x7FFF_FFFF_u32, state in 0..8_usize, from in "[0-9]{1,20}", to in "[0-9]{0,20}",
        ) {
            // 2026-11-23T04:00:00Z is noon in Beijing.
            let taken_us = 1_795_406_400_000_000;
            let (state, from, to) = (MessageState::ALL[state], address(&from), address(&to));
            let receipt = Receipt { id, state, session: 1, taken_us, to, from, key: counter(1), wrote: None };
            let mut out = BytesMut::new();
            Slip::default().write(&receipt, sequence, taken_us + MINUTE_US, &mut out);
            prop_assert_eq!(out, by_the_codec(&receipt, sequence, "2611231200", "2611231201"));
        }

        #[test]
        fn decimals_are_decimals(number: u64) {
            for number in [number, number % 10] {
                let decimal = Decimal::of(number);
                prop_assert_eq!(decimal.text(), number.to_string());
            }
        }
    }
}
