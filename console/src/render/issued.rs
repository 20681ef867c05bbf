//! The bulletins that went out before, as the kept plans hold them: which of them a new one replaces, and which numbers
//! are given. It knows the store and no clock.

use mingluo_ledger::{
    Store,
    store::{StoreError, StoredAlert},
};
use mingluo_model::{
    alert::AlertKind,
    audience::ChannelKind,
    bulletin::{Bulletin, EbmId, Envelope, MOST_STOPPED, codec},
    clock::Timestamp,
    message::Body,
    mode::{Mode, ModeKind},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A draft is released within its grade's longest hours, of which a policy can write 255, or never.
const LONGEST_DRAFT: Duration = Duration::from_hours(255);
/// Alerts that are looked through at first for the last bulletin; four times as many with each further look.
const FIRST_LOOK: u32 = 64;

/// The bulletins that an alert of this kind replaces: those of the alert that it follows, of the one which that one
/// followed, and so on, since a box may have been away for any of them; the newest 32 that have not ended.
///
/// # Errors
/// A store that cannot be read.
pub async fn replaced(store: &dyn Store, kind: AlertKind, now: Timestamp) -> Result<Vec<EbmId>, StoreError> {
    let mut replaced = Vec::new();
    let mut next = kind.follows();
    while let Some(earlier) = next {
        let of_alert = bulletins(store, earlier).await?;
        for bulletin in of_alert.iter().filter(|bulletin| now < bulletin.end) {
            if !replaced.contains(&bulletin.ebm) && replaced.len() < MOST_STOPPED {
                replaced.push(bulletin.ebm);
            }
        }
        next = store.alert(earlier).await?.and_then(|alert| alert.content.kind.follows());
    }
    Ok(replaced)
}

/// The bulletins in the plans of an alert; what cannot be read was never played either.
///
/// # Errors
/// [`StoreError`] when the plans cannot be read.
pub async fn bulletins(
    store: &dyn Store,
    alert: mingluo_model::id::AlertId,
) -> Result<Vec<Bulletin>, StoreError> {
    let plans = store.plans(alert).await?;
    let read = |body: &Body| match body {
        Body::Speaker { envelope, .. } => codec::decode(&Envelope::from_bytes(envelope).ok()?.body).ok(),
        _ => None,
    };
    Ok(plans.iter().filter_map(|plan| read(&plan.fields().message.body)).collect())
}

/// The numbers of the bulletins of one mode, none of which is given twice, not even by the program's next run: each is
/// one more than the greatest among the kept plans. A number that was given for a release which could not be kept is
/// given again; nothing left under it. Live and drill count in ranges of their own, as each has its own holder of the
/// lease. A store that was set back to an older copy needs a new key.
pub struct Numbers {
    mode: ModeKind,
    // Guards what was given last; held for a few instructions only.
    last: Mutex<Last>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Last {
    seq: u64,
    /// The local day as yyyymmdd, times 10,000, and the four digits of that day.
    ebm: u64,
}

impl Numbers {
    /// Goes on where the kept plans end. To be asked when the lease of the mode is held, so that nobody else counts.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn resume<M: Mode>(store: &dyn Store) -> Result<Self, StoreError> {
        let last = last::<M>(store).await?;
        // Tests and stops of boxes have no warning behind them and count with the others.
        let ordered = store
            .box_orders(M::KIND, 1)
            .await?
            .first()
            .map_or(Last::default(), |order| Last { seq: order.seq, ebm: counted(order.ebm) });
        let last = Last { seq: last.seq.max(ordered.seq), ebm: last.ebm.max(ordered.ebm) };
        Ok(Self { mode: M::KIND, last: Mutex::new(last) })
    }

    /// The next number under the key; the first of all is the time, in case that a key signed for an earlier store.
    pub(super) fn next_seq(&self, now: Timestamp) -> u64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.seq = if last.seq == 0 { now.0.unsigned_abs() } else { last.seq + 1 };
        last.seq
    }

    /// The next name on this local day (yyyymmdd): the day and its four digits. When the clock goes back, or a day's
    /// range is used up, numbers go on from the last.
    pub(super) fn next_ebm(&self, day: u32) -> (u32, u16) {
        let (first, greatest) = range(self.mode);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (last.ebm + 1).max(u64::from(day) * 10_000 + first);
        let (day, number) = (next / 10_000, next % 10_000);
        let (day, number) = if number > greatest { (day + 1, first) } else { (day, number.max(first)) };
        last.ebm = day * 10_000 + number;
        (day as u32, number as u16)
    }
}

/// The four digits that a mode gives; real warnings get most of them.
const fn range(mode: ModeKind) -> (u64, u64) {
    match mode {
        ModeKind::Live => (0, 7_999),
        ModeKind::Drill => (8_000, 9_999),
    }
}

/// The greatest numbers among the kept bulletins. Alerts come by the time of their drafting, and the last to be released
/// may have been drafted a while before another.
async fn last<M: Mode>(store: &dyn Store) -> Result<Last, StoreError> {
    let (mut last, mut enough_before) = (Last::default(), None);
    let (mut looked_at, mut limit) = (0, FIRST_LOOK);
    loop {
        let alerts = store.alerts(M::KIND, limit).await?;
        for alert in alerts.iter().skip(looked_at) {
            if enough_before.is_some_and(|enough| alert.created < enough) {
                return Ok(last);
            }
            if !may_have_sounded(alert) {
                continue;
            }
            for bulletin in bulletins(store, alert.id).await? {
                last = Last { seq: last.seq.max(bulletin.seq), ebm: last.ebm.max(counted(bulletin.ebm)) };
                let before = || Timestamp(alert.created.0 - LONGEST_DRAFT.as_millis() as i64);
                enough_before.get_or_insert_with(before);
            }
        }
        if alerts.len() < limit as usize {
            return Ok(last);
        }
        (looked_at, limit) = (alerts.len(), limit.saturating_mul(4));
    }
}

fn may_have_sounded(alert: &StoredAlert) -> bool {
    let content = &alert.content;
    content.audience.counts.contains_key(&ChannelKind::Speaker)
        || content.reserve.contains(&ChannelKind::Speaker)
}

/// The twelve digits behind the platform's code.
fn counted(ebm: EbmId) -> u64 {
    ebm.as_str()[ebm.issuer().as_str().len()..].parse().unwrap_or(0)
}

#[cfg(test)]
#[path = "issued_tests.rs"]
mod tests;
