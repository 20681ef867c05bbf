#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::disallowed_methods)]
use mingluo_ledger::{event::*, store::*, *};
use mingluo_model::{clock::*, id::*, receipt::*};
use std::{sync::Arc, time::*};
fn vault() -> Arc<vault::Vault> {
    Arc::new(vault::Vault::read("x", &format!("k {}", "00".repeat(32))).unwrap())
}
async fn go(address: &str) {
    migrate(address).await.unwrap();
    let store = open(address, vault()).await.unwrap();
    let now = Timestamp(1_700_000_000_000);
    let lease = store
        .acquire("r", "n", NodeId(uuid::Uuid::from_u128(1)), Duration::from_secs(6000), now)
        .await
        .unwrap()
        .unwrap();
    let mut seq = 0;
    for (events, per) in [(1, 500u32), (3, 167), (10, 50), (60, 9), (500, 1)] {
        let mut times = vec![];
        for _ in 0..400 {
            let events = (0..events)
                .map(|_| {
                    seq += 1;
                    (
                        seq,
                        Event {
                            plan: PlanId(uuid::Uuid::from_u128(7)),
                            at: now,
                            fact: Fact::Answers(
                                (0..per)
                                    .map(|o| PartAnswer {
                                        ordinal: o,
                                        part: 0,
                                        answer: Answer::Accepted(Some(ProviderId::new(
                                            &(seq as u64 * 1000 + o as u64).to_be_bytes(),
                                        ))),
                                    })
                                    .collect(),
                            ),
                        },
                    )
                })
                .collect();
            let append = Append { events, ..Default::default() };
            let t = Instant::now();
            store.append(&lease, now, &append).await.unwrap();
            times.push(t.elapsed());
        }
        times.sort();
        println!("{} {events} events of {per}: p50 {:?} p99 {:?}", store.engine(), times[200], times[396]);
        store.tidy().await.unwrap();
    }
    let t = Instant::now();
    for _ in 0..200 {
        store.audit(&[]).await.unwrap();
    }
    println!("empty write tx {:?}", t.elapsed() / 200);
}
#[tokio::test(flavor = "multi_thread")]
async fn speed() {
    let dir = tempfile::tempdir_in("/work").unwrap();
    go(&format!("sqlite:{}/x.db", dir.path().display())).await;
    for f in std::fs::read_dir(dir.path()).unwrap() {
        let f = f.unwrap();
        println!("{:?} {}", f.file_name(), f.metadata().unwrap().len());
    }
    if let Ok(pg) = std::env::var("MINGLUO_TEST_POSTGRES") {
        go(&pg).await;
    }
}
