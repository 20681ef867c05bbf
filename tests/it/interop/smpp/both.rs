//! The stories that both centres take part in.

use super::{
    super::{
        ANNA, BERT,
        ear::{listen, meanwhile, part},
        long_text, run, soon,
        tap::Tap,
    },
    Library, QUIET, Stage, pieces, send,
};
use bytes::Bytes;
use mingluo_channels::sms::smpp::command::{ENQUIRE_LINK, RESPONSE};
use mingluo_model::{
    channel::{Channel, Report, SendError, Verdict},
    delivery::Reason,
    receipt::ReceiptStatus,
    reply::Wish,
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

async fn long_chinese_text_arrives_whole_and_its_receipts_come_back(library: Library) {
    let Some(mut stage) = Stage::new(library, &[]).await else { return };
    let mut session = stage.bound().await;
    let text = long_text();
    let measured = stage.channel(stage.address, &json!({})).measure(&run(&text, 3, &[ANNA]).message);
    assert_eq!(measured.unwrap().get(), 3);

    send(&mut session, &text, 3, &[ANNA, BERT]).await;
    let heard = listen(&mut session, 6, 6).await;
    let submits = stage.centre.heard("submit_sm", 6).await;
    let answers = meanwhile(&mut session, stage.centre.heard("deliver_sm_resp", 6)).await;

    for number in ["8619730000001", "8619730000002"] {
        let pieces = pieces(&submits, number);
        // 00 03 RR 03 NN: one reference, three parts, each with its number; npm leaves the length in front away.
        let headers: Vec<&str> = pieces.keys().map(|header| header.trim_start_matches("05")).collect();
        let reference = headers[0][4..6].to_owned();
        assert_eq!(headers, [1, 2, 3].map(|part| format!("0003{reference}030{part}")));
        assert_eq!(pieces.into_values().collect::<String>(), format!("【抚顺气象】{text}"));
    }
    for submit in &submits {
        assert_eq!(
            (&submit["from"], &submit["coding"], &submit["registered"]),
            (&json!("10690001"), &json!(8), &json!(1))
        );
        if let Some(until) = submit.get("valid_until") {
            assert_eq!(until, "2026-11-23T05:00:00.000Z");
        }
    }
    assert_eq!((heard.accepted().len(), heard.accepted()), (6, heard.receipted()));
    for receipt in &heard.receipts {
        assert_eq!(receipt.status, ReceiptStatus::Delivered);
        assert!([ANNA, BERT].contains(&receipt.to.as_ref().unwrap().expose()));
    }
    assert!(answers.iter().all(|answer| answer["status"] == 0), "{answers:?}");

    let end = part(&mut session).await;
    // The library smpp34 may hang up before its answer has left.
    let hung_up = matches!(library, Library::Smpp34) && end == gone("the gateway closed the connection");
    assert!(hung_up || end == gone("the session was ended"), "{end:?}");
    stage.centre.heard("unbind", 1).await;
}

fn gone(detail: &str) -> SendError {
    SendError::Unreachable { detail: detail.into() }
}

async fn silence_is_asked_and_answered_and_the_link_lives(library: Library) {
    let Some(mut stage) = Stage::new(library, &[]).await else { return };
    let mut tap = Tap::to(stage.address).await;
    let channel = stage.channel(tap.address, &json!({}));
    let mut session = soon(channel.open()).await.unwrap();
    for round in 1..=3 {
        stage.clock.advance(QUIET);
        meanwhile(&mut session, tap.server.passed(ENQUIRE_LINK | RESPONSE, round)).await;
        // What was answered behind the sign of life was heard behind it.
        send(&mut session, "雨", 1, &[ANNA]).await;
        assert_eq!(listen(&mut session, 1, 1).await.accepted().len(), 1);
    }
    tap.client.passed(ENQUIRE_LINK, 3).await;
    stage.centre.heard("submit_sm", 3).await;
    // Nor did any of our requests, the bind among them, share its sequence with another.
    let asked = tap.client.frames().into_iter().filter(|frame| frame[4] & 0x80 == 0);
    let sequences: Vec<Bytes> = asked.map(|frame| frame.slice(12..16)).collect();
    assert_eq!(sequences.len(), sequences.iter().collect::<BTreeSet<_>>().len(), "{sequences:?}");
}

async fn what_is_turned_away_says_why_and_sinks_nobody_else(library: Library) {
    // The library smpp34 writes statuses beyond the standard as 8.
    let (vendors, vendors_words) = match library {
        Library::Npm => ("8619730000006=0x4ff", "0x000004ff"),
        Library::Smpp34 => ("8619730000006=8", "0x00000008"),
    };
    let away =
        ["8619730000002=0x58", "8619730000003=0x14", "8619730000004=0x0b", "8619730000005=0x45", vendors];
    let args: Vec<&str> = away.iter().flat_map(|away| ["--turn-away", away]).collect();
    let Some(mut stage) = Stage::new(library, &args).await else { return };
    let mut session = stage.bound().await;
    let numbers: Vec<String> = (1..=7).map(|number| format!("+861973000000{number}")).collect();
    let first = send(&mut session, "雨", 1, &numbers).await;
    let heard = listen(&mut session, 7, 2).await;

    let of = |number: u64| &heard.answers[&(first + number - 1)];
    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    assert!(matches!((of(1), of(7)), (Verdict::Accepted(Some(_)), Verdict::Accepted(Some(_)))));
    assert_eq!((of(2), of(3)), (&busy, &busy));
    assert!(
        matches!(of(4), Verdict::Permanent(refusal) if refusal.reason == Reason::BadAddress),
        "{:?}",
        of(4)
    );
    assert!(
        matches!(of(5), Verdict::Temporary(refusal) if refusal.far_code.contains("0x00000045")),
        "{:?}",
        of(5)
    );
    assert!(
        matches!(of(6), Verdict::Temporary(refusal) if refusal.far_code.contains(vendors_words)),
        "{:?}",
        of(6)
    );
    assert_eq!(heard.receipts.len(), 2);
}

async fn a_whole_window_is_taken_and_none_is_lost_or_doubled(library: Library) {
    let Some(mut stage) = Stage::new(library, &[]).await else { return };
    let mut session = stage.bound().await;
    let numbers: Vec<String> = (0..500).map(|number| format!("+86197300{number:05}")).collect();
    send(&mut session, &"雨".repeat(100), 2, &numbers).await;
    let heard = listen(&mut session, 1_000, 1_000).await;
    assert_eq!((heard.accepted().len(), heard.accepted()), (1_000, heard.receipted()));
    let answers = meanwhile(&mut session, stage.centre.heard("deliver_sm_resp", 1_000)).await;
    assert!(answers.iter().all(|answer| answer["status"] == 0));
    let submits = stage.centre.heard("submit_sm", 1_000).await;
    for number in &numbers {
        assert_eq!(pieces(&submits, &number[1..]).len(), 2, "{number}");
    }
}

async fn what_a_resident_writes_is_answered_and_the_centre_may_part(library: Library) {
    let Some(mut stage) = Stage::new(library, &[]).await else { return };
    let mut session = stage.bound().await;
    let word = json!({"say": "word", "from": "8619730000001", "to": "10690001", "text": "退订"});
    stage.centre.tell(&word).await;
    let mut reports = Vec::new();
    soon(session.inlet.next(&mut reports)).await.unwrap();
    let [Report::Reply { reply, token }] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((reply.from.expose(), &*reply.to, reply.wish()), ("+8619730000001", "10690001", Wish::OptOut));
    session.answerer.committed(&[*token]).await.unwrap();
    let answered = meanwhile(&mut session, stage.centre.heard("deliver_sm_resp", 1)).await;
    assert_eq!(answered[0]["status"], 0);

    stage.centre.tell(&json!({"say": "unbind"})).await;
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert_eq!(end, Err(gone("the gateway ended the session")));
}

/// Each story with one of the centres.
macro_rules! with {
    ($name:ident, $library:expr) => {
        mod $name {
            use super::Library;

            #[tokio::test]
            async fn long_chinese_text_arrives_whole_and_its_receipts_come_back() {
                super::long_chinese_text_arrives_whole_and_its_receipts_come_back($library).await;
            }

            #[tokio::test]
            async fn silence_is_asked_and_answered_and_the_link_lives() {
                super::silence_is_asked_and_answered_and_the_link_lives($library).await;
            }

            #[tokio::test]
            async fn what_is_turned_away_says_why_and_sinks_nobody_else() {
                super::what_is_turned_away_says_why_and_sinks_nobody_else($library).await;
            }

            #[tokio::test]
            async fn a_whole_window_is_taken_and_none_is_lost_or_doubled() {
                super::a_whole_window_is_taken_and_none_is_lost_or_doubled($library).await;
            }

            #[tokio::test]
            async fn what_a_resident_writes_is_answered_and_the_centre_may_part() {
                super::what_a_resident_writes_is_answered_and_the_centre_may_part($library).await;
            }
        }
    };
}

with!(npm, Library::Npm);
with!(smpp34, Library::Smpp34);
