//! What a citizen wrote (clause 4.2.3.4).

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use mingluo_model::reply::Portion;

use super::{
    super::wire::{Coding, DecodeError, Fields, Octets, Padded, portion},
    UserNumber,
    submit::{content, put_content},
};

/// Deliver (clause 4.2.3.4.1). `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliver {
    /// Who wrote.
    pub user_number: UserNumber,
    /// The access code that was written to.
    pub sp_number: Padded<21>,
    /// GSM protocol identifier.
    pub tp_pid: u8,
    /// 1 when the content starts with a user data header.
    pub tp_udhi: u8,
    /// The content's alphabet.
    pub message_coding: Coding,
    /// Header and text.
    pub content: Octets<255>,
}

impl Deliver {
    /// Which part of a longer message this is, as its user data header says.
    pub fn portion(&self) -> Option<Portion> {
        if self.tp_udhi & 1 == 1 { portion(self.content.as_bytes()) } else { None }
    }

    /// The text, without its user data header.
    pub fn to_text(&self) -> Cow<'_, str> {
        self.message_coding.read_behind_header(self.tp_udhi, self.content.as_bytes())
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let f = &mut fields;
        let deliver = Self {
            user_number: f.padded("UserNumber")?,
            sp_number: f.padded("SPNumber")?,
            tp_pid: f.u8("TP_pid")?,
            tp_udhi: f.u8("TP_udhi")?,
            message_coding: Coding(f.u8("MessageCoding")?),
            content: content(f)?,
        };
        fields.last::<8>("Reserve")?;
        Ok(deliver)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.user_number.put(out);
        self.sp_number.put(out);
        out.put_slice(&[self.tp_pid, self.tp_udhi, self.message_coding.0]);
        put_content(&self.content, out);
    }
}
