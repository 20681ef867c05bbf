//! Taking a message back that has not left the gateway (clause 8.4.6): CMPP_CANCEL names its id alone.

use bytes::BytesMut;

use super::{
    super::wire::{DecodeError, Fields},
    Version,
    result::{put_result, take_result},
};

/// CMPP_CANCEL_RESP (clause 8.4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CancelResp {
    /// 0 taken back, 1 not.
    pub success_id: u32,
}

impl CancelResp {
    pub(super) fn decode(fields: Fields) -> Result<Self, DecodeError> {
        let (success_id, _) = take_result(fields, "Success_Id")?;
        Ok(Self { success_id })
    }

    pub(super) fn put(self, version: Version, out: &mut BytesMut) {
        put_result(self.success_id, version, out);
    }
}
