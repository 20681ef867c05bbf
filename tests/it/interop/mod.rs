//! Our protocols against programs that others wrote, each in a process of its own: see tests/interop/README.md for what
//! they are, and tests/interop/install for how they come here. Without them the stories are skipped, and say so;
//! `tests/run` lets them fail instead, once it has installed them.

mod cmpp;
mod ear;
mod mail;
mod opensmtpd;
mod peer;
mod smpp;
mod tap;

use mingluo_model::{
    address::Address,
    alert::Language,
    channel::{Parcel, Recall, Run},
    clock::{Timestamp, system::SystemClock, within},
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::Live,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Noon in Beijing, 2026-11-23.
const NOW: Timestamp = Timestamp(1_795_406_400_000);
const ANNA: &str = "+8619730000001";
const BERT: &str = "+8619730000002";

/// How long a peer may take on a busy machine before a story fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// Where the peers are installed; `None` when they are not and nobody insists.
pub(super) fn peers() -> Option<PathBuf> {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/interop");
    if home.join("installed").exists() {
        return Some(home);
    }
    let wanted = std::env::var_os("MINGLUO_NEED_INTEROP").is_some();
    assert!(!wanted, "the peers are missing: run tests/interop/install");
    eprintln!("SKIPPED, NOT TESTED: the peers are not installed; run tests/interop/install");
    None
}

/// A file of ours in tests/interop.
pub(super) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop").join(name)
}

/// A story that comes to a stand fails, whatever its own clock says.
async fn soon<T>(story: impl Future<Output = T>) -> T {
    within(SystemClock::shared().as_ref(), PATIENCE, story).await.expect("the story goes on")
}

/// A warning of three parts behind 【抚顺气象】; a character of two UTF-16 units stands where the first part would be cut.
fn long_text() -> String {
    format!("{}𠮷{}🔔。", "雨".repeat(60), "请立即转移到高处".repeat(12))
}

/// A text to these numbers, in all its parts; it is void an hour from [`NOW`].
fn run<N: AsRef<str>>(text: &str, parts: u32, numbers: &[N]) -> Run<Live> {
    let mut chance = StdRng::seed_from_u64(7);
    let body = Body::Sms { text: text.to_owned() };
    let parcel = |(ordinal, number): (usize, &N)| Parcel {
        ordinal: ordinal as u32,
        attempt: 1,
        part_set: (1_u16 << parts) - 1,
        to: Address::new(number.as_ref()),
    };
    Run {
        plan: PlanId::new(NOW, &mut chance),
        message: Arc::new(Message::new(
            AlertId::new(NOW, &mut chance),
            Grade::Red,
            Language::chinese(),
            body,
        )),
        not_after: NOW.plus(Duration::from_hours(1)),
        recall: Recall::default(),
        call: None,
        parcels: numbers.iter().enumerate().map(parcel).collect(),
    }
}
