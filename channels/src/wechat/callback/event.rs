//! What one pushed message means.

use super::Heard;
use crate::{
    wechat::template::notice_id,
    weixin::{
        fields::{Fields, malformed, text},
        push::CallbackError,
    },
};
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    delivery::Reason,
    receipt::{AggregateReceipt, ProviderId, Receipt, ReceiptStatus},
    reply::Reply,
};
use serde_json::Value;

/// What a new follower's event says before the scene of the poster; a follower's own says the scene alone.
const POSTER: &str = "qrscene_";

/// The ends of subscription notices (订阅通知发送结果), whose messages had no number when they were taken.
const NOTICES_SENT: &str = "subscribe_msg_sent_event";

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
            NOTICES_SENT => self.notice_receipts(at)?,
            _ => Vec::new(),
        };
        let jobs = if event == "MASSSENDJOBFINISH" { vec![self.end_of_job(at)?] } else { Vec::new() };
        let words = if receipts.is_empty() && jobs.is_empty() { self.words(event) } else { Vec::new() };
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
        let of_the_latest = event == NOTICES_SENT;
        Ok(Heard { name, receipts, of_the_latest, jobs, replies: words.into_iter().map(reply).collect() })
    }

    /// Messages are known by their `MsgId`, ends of jobs by their `MsgID`: two of them for one follower may fall into
    /// one second. Other events have nothing but follower and second.
    fn name(&self, event: &str) -> [u8; 20] {
        let known = ["ToUserName", "FromUserName", "CreateTime", "MsgId", "MsgID", "EventKey"];
        let notices = self.notices().unwrap_or_default();
        let numbers = notices.iter().map(|one| text(one, "MsgID").unwrap_or_default());
        self.0.name(event, &known, numbers)
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
        self.receipt(number(self.0.tree())?, words, status(words), at)
    }

    /// The ends of subscription notices (订阅通知发送结果), several in one push.
    fn notice_receipts(&self, at: Timestamp) -> Result<Vec<Receipt>, CallbackError> {
        let receipt = |one| {
            let (code, words) = (text(one, "ErrorCode")?, text(one, "ErrorStatus").unwrap_or_default());
            let status = match code {
                "0" => ReceiptStatus::Delivered,
                // The follower refused, or took the consent back.
                "43101" => ReceiptStatus::Failed(Reason::Blocked),
                _ => ReceiptStatus::Failed(Reason::Other),
            };
            number(one)?;
            let id = notice_id(self.0.text("FromUserName")?, text(one, "TemplateId")?);
            self.receipt(id, &format!("{code} {words}"), status, at)
        };
        self.notices()?.iter().map(receipt).collect()
    }

    fn notices(&self) -> Result<&[Value], CallbackError> {
        let event = self.0.tree().get("SubscribeMsgSentEvent").unwrap_or(self.0.tree());
        let list = event.get("List").ok_or_else(|| malformed("List is missing"))?;
        Ok(list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice))
    }

    /// The end of a mass send (群发任务结果). `FilterCount` is what was left after the filters, not what they took. That it ended,
    /// and how, holds whatever its totals look like: one that is missing or no number was not told.
    fn end_of_job(&self, at: Timestamp) -> Result<AggregateReceipt, CallbackError> {
        let words = self.0.text("Status")?;
        let total = |name: &str| self.0.text(name).ok()?.trim().parse::<u64>().ok();
        let (targeted, reached, failed) = (total("TotalCount"), total("SentCount"), total("ErrorCount"));
        // Sent, and to nobody: all had this month's share, or refuse (第 5 次起被平台过滤).
        let why = if failed.unwrap_or(0) == 0 { Reason::Quota } else { Reason::FarFault };
        let nobody = (targeted.unwrap_or(0) > 0 && reached == Some(0)).then_some(why);
        let left = total("FilterCount");
        Ok(AggregateReceipt {
            provider_id: number(self.0.tree())?,
            refused: refused(words).or(nobody),
            targeted,
            filtered: targeted.zip(left).map(|(targeted, left)| targeted.saturating_sub(left)),
            reached,
            failed,
            far_code: at_most_64(words),
            at,
        })
    }

    fn receipt(
        &self,
        provider_id: ProviderId,
        words: &str,
        status: ReceiptStatus,
        at: Timestamp,
    ) -> Result<Receipt, CallbackError> {
        let to = Some(Address::new(self.0.text("FromUserName")?));
        Ok(Receipt { provider_id, status, to, far_code: at_most_64(words), at })
    }
}

/// The number of a message or of a job, which is exact in both forms.
fn number(named_in: &Value) -> Result<ProviderId, CallbackError> {
    let number = text(named_in, "MsgID")?;
    let id: u64 = number.parse().map_err(|_| malformed(&format!("MsgID is {number:?}, not a number")))?;
    Ok(ProviderId::new(id.to_string().as_bytes()))
}

fn at_most_64(words: &str) -> String {
    words[..words.floor_char_boundary(64)].to_owned()
}

/// Why nobody got a mass send; nothing where it was sent. `err(40001)` and `err(40002)` are the administrator's (拒绝, 30
/// 分钟未确认), the other codes judge the words (涉嫌广告, 政治, …, 原创校验).
fn refused(words: &str) -> Option<Reason> {
    let code = words.strip_prefix("err(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    match (code, words) {
        (Some("40001" | "40002"), _) => Some(Reason::NotAllowed),
        (Some(_), _) => Some(Reason::Content),
        (None, "send success" | "sendsuccess") => None,
        (None, "send fail" | "sendfail") => Some(Reason::FarFault),
        (None, _) => Some(Reason::Other),
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
