//! What one pushed message means.

use super::Heard;
use crate::weixin::{
    fields::{Fields, malformed, text},
    push::CallbackError,
};
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
    reply::Reply,
};
use serde_json::Value;

/// What a new follower's event says before the scene of the poster; a follower's own says the scene alone.
const POSTER: &str = "qrscene_";

/// A message that was pushed.
pub(super) struct Pushed(Fields);

impl Pushed {
    pub(super) const fn new(fields: Fields) -> Self {
        Self(fields)
    }

    /// What it means (微信公众平台, 接收普通消息, 接收事件推送).
    pub(super) fn heard(&self, at: Timestamp) -> Result<Heard, CallbackError> {
        let event = self.0.event()?;
        let receipts = match event {
            "TEMPLATESENDJOBFINISH" => vec![self.template_receipt(at)?],
            "subscribe_msg_sent_event" => self.notice_receipts(at)?,
            _ => Vec::new(),
        };
        let words = if receipts.is_empty() { self.words(event) } else { Vec::new() };
        let from = if words.is_empty() { "" } else { self.0.text("FromUserName")? };
        let to = self.0.text("ToUserName").unwrap_or_default();
        let name = self.name(event);
        let reply = |words| Reply {
            from: Address::new(from),
            to: to.to_owned(),
            words,
            id: Some(hex::encode(name)),
            part: None,
            at,
        };
        Ok(Heard { name, receipts, replies: words.into_iter().map(reply).collect() })
    }

    /// Messages are known by their `MsgId`, ends of jobs by their `MsgID`: two of them for one follower may fall into
    /// one second. Other events have nothing but follower and second.
    fn name(&self, event: &str) -> [u8; 20] {
        let known = ["ToUserName", "FromUserName", "CreateTime", "MsgId", "MsgID", "EventKey"];
        self.0.name(event, &known)
    }

    /// What a follower says by writing or by doing something; nothing where that asks for nothing.
    fn words(&self, event: &str) -> Vec<String> {
        let key = self.0.text("EventKey").unwrap_or_default();
        let region = |code: &str| format!("地区 {code}");
        match event {
            "" => self.0.text("Content").map(str::to_owned).into_iter().collect(),
            "subscribe" => {
                let poster = key.strip_prefix(POSTER).filter(|scene| !scene.is_empty());
                std::iter::once("subscribe".to_owned()).chain(poster.map(region)).collect()
            }
            "unsubscribe" => vec!["unsubscribe".to_owned()],
            "SCAN" if !key.is_empty() => vec![region(key)],
            // The menu's keys are ours: they are words that a follower might have written.
            "CLICK" if !key.is_empty() => vec![key.to_owned()],
            _ => Vec::new(),
        }
    }

    /// The end of a template job (模板消息发送任务完成).
    fn template_receipt(&self, at: Timestamp) -> Result<Receipt, CallbackError> {
        let words = self.0.text("Status")?;
        self.receipt(self.0.tree(), words, status(words), at)
    }

    /// The ends of subscription notices (订阅通知发送结果), several in one push.
    fn notice_receipts(&self, at: Timestamp) -> Result<Vec<Receipt>, CallbackError> {
        let event = self.0.tree().get("SubscribeMsgSentEvent").unwrap_or(self.0.tree());
        let list = event.get("List").ok_or_else(|| malformed("List is missing"))?;
        let ones = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
        let receipt = |one| {
            let (code, words) = (text(one, "ErrorCode")?, text(one, "ErrorStatus").unwrap_or_default());
            let status = match code {
                "0" => ReceiptStatus::Delivered,
                // The follower refused, or took the consent back.
                "43101" => ReceiptStatus::Failed(Reason::Blocked),
                _ => ReceiptStatus::Failed(Reason::Other),
            };
            self.receipt(one, &format!("{code} {words}"), status, at)
        };
        ones.iter().map(receipt).collect()
    }

    fn receipt(
        &self,
        named_in: &Value,
        words: &str,
        status: ReceiptStatus,
        at: Timestamp,
    ) -> Result<Receipt, CallbackError> {
        let number = text(named_in, "MsgID")?;
        let id: u64 = number.parse().map_err(|_| malformed(&format!("MsgID is {number:?}, not a number")))?;
        Ok(Receipt {
            provider_id: ProviderId::new(id.to_string().as_bytes()),
            status,
            to: Some(Address::new(self.0.text("FromUserName")?)),
            far_code: words[..words.floor_char_boundary(64)].to_owned(),
            at,
        })
    }
}

/// `success`, `failed:user block` or `failed: system failed`; the platform is not strict with its own spaces.
pub(super) fn status(words: &str) -> ReceiptStatus {
    let cause = words.strip_prefix("failed").map(|rest| rest.trim_start_matches(':').trim());
    match cause {
        _ if words == "success" => ReceiptStatus::Delivered,
        Some(cause) if cause.starts_with("user block") => ReceiptStatus::Failed(Reason::Blocked),
        Some(cause) if cause.starts_with("system failed") => ReceiptStatus::Failed(Reason::FarFault),
        _ => ReceiptStatus::Failed(Reason::Other),
    }
}
