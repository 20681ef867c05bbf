//! The gateway's counts of a day (clause 8.4.4), against which a rehearsal or an officer compares ours.

use bytes::{BufMut, BytesMut};

use super::super::wire::{DecodeError, Fields, Padded};

/// CMPP_QUERY (clause 8.4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Query {
    /// The day, YYYYMMDD.
    pub time: Padded<8>,
    /// 0 for all, 1 for one service.
    pub query_type: u8,
    /// The service code when the type is 1.
    pub query_code: Padded<10>,
}

impl Query {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let query = Self::take(&mut fields)?;
        fields.last::<8>("Reserve")?;
        Ok(query)
    }

    fn take(fields: &mut Fields) -> Result<Self, DecodeError> {
        Ok(Self {
            time: fields.padded("Time")?,
            query_type: fields.u8("Query_Type")?,
            query_code: fields.padded("Query_Code")?,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.put_shared(out);
        out.put_u64(0);
    }

    fn put_shared(&self, out: &mut BytesMut) {
        self.time.put(out);
        out.put_u8(self.query_type);
        self.query_code.put(out);
    }
}

/// CMPP_QUERY_RESP (clause 8.4.4.2): the question again and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueryResp {
    /// What was asked.
    pub query: Query,
    /// Messages taken from the SP (MT_TLMsg).
    pub submitted: u32,
    /// Recipients taken from the SP (MT_Tlusr).
    pub recipients: u32,
    /// Passed on (MT_Scs).
    pub passed_on: u32,
    /// Waiting to be passed on (MT_WT).
    pub waiting: u32,
    /// Failed (MT_FL).
    pub failed: u32,
    /// Brought to the SP (MO_Scs).
    pub delivered: u32,
    /// Waiting for the SP (MO_WT).
    pub undelivered: u32,
    /// Could not be brought to the SP (MO_FL).
    pub lost: u32,
}

impl QueryResp {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let resp = Self {
            query: Query::take(&mut fields)?,
            submitted: fields.u32("MT_TLMsg")?,
            recipients: fields.u32("MT_Tlusr")?,
            passed_on: fields.u32("MT_Scs")?,
            waiting: fields.u32("MT_WT")?,
            failed: fields.u32("MT_FL")?,
            delivered: fields.u32("MO_Scs")?,
            undelivered: fields.u32("MO_WT")?,
            lost: fields.u32("MO_FL")?,
        };
        fields.end("MO_FL")?;
        Ok(resp)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.query.put_shared(out);
        let sent = [self.submitted, self.recipients, self.passed_on, self.waiting, self.failed];
        for count in sent.into_iter().chain([self.delivered, self.undelivered, self.lost]) {
            out.put_u32(count);
        }
    }
}
