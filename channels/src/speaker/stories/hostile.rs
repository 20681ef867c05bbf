//! Whatever comes down a link, it ends with a reason and the hub goes on.

use crate::speaker::village::{City, ScriptedBox, bulletin, hello};
use mingluo_model::{
    bulletin::Bulletin,
    channel::Report as Told,
    link::{BoxFrame, CityFrame, Event, FRAME_LIMIT},
};
use proptest::prelude::*;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

fn in_a_city<F: Future<Output = ()>>(story: impl FnOnce(City) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { story(City::new().await).await });
}

async fn sent_away(city: &City, message: Message) -> CloseCode {
    let mut village = city.welcome(1).await;
    village.try_say_raw(message).await;
    village.hear_goodbye().await.code
}

#[tokio::test]
async fn what_is_no_frame_closes_the_link_with_a_reason() {
    let city = City::new().await;
    let long = "x".repeat(FRAME_LIMIT + 1);
    assert_eq!(sent_away(&city, Message::text("{}")).await, CloseCode::Invalid);
    assert_eq!(sent_away(&city, Message::text(long)).await, CloseCode::Size);
    assert_eq!(sent_away(&city, Message::binary(vec![1, 2])).await, CloseCode::Unsupported);
    assert_eq!(sent_away(&city, Message::text(BoxFrame::Hello(hello(1)).write())).await, CloseCode::Protocol);
}

#[tokio::test]
async fn a_genuine_report_repeated_while_it_plays_is_told_once_and_holds_up_nothing() {
    let mut city = City::new().await;
    let mut village = city.welcome(1).await;
    city.order(&bulletin(1), &[1]).await;
    village.hear_order().await;
    let told = flooded(&mut city, &mut village, 2).await;
    assert_eq!(told, ["playing", "sounded"], "each once");
    // By now dispatch has called both durable; the box is only told again that it may forget them.
    let told = flooded(&mut city, &mut village, 3).await;
    assert_eq!(told, ["sounded"], "the news alone");
    let lift = Bulletin { related: vec![bulletin(1).ebm], ..bulletin(2) };
    city.order(&lift, &[1]).await;
    let heard = loop {
        if let CityFrame::Order(order) = village.hear().await {
            break order.ebm;
        }
    };
    assert_eq!(heard, lift.ebm, "the lift of what is repeated comes through");
}

/// Says a thousand times that the first bulletin plays, and once, under this number, that it was heard; gives what dispatch
/// was told of them and has called durable.
async fn flooded(city: &mut City, village: &mut ScriptedBox, news: u64) -> Vec<String> {
    let (clock, mut told) = (city.clock.clone(), Vec::new());
    let flood = async {
        for _ in 0..1_000 {
            village.say_report(1, 1, Event::Playing, "").await;
        }
        village.say_report(news, 1, Event::Sounded, "").await;
        // The hub gathers what comes at once.
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(1));
        }
    };
    let dispatch = async {
        while told.last().is_none_or(|last| last != "sounded") {
            let some = city.told().await;
            city.keep(&some).await;
            told.extend(some.into_iter().filter_map(|told| match told {
                Told::Receipt { receipt, .. } => Some(receipt.far_code),
                Told::Answer { .. } | Told::Reply { .. } => None,
            }));
        }
    };
    tokio::select! {
        () = flood => unreachable!("it goes on for ever"),
        () = dispatch => {}
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        in_a_city(|city| async move {
            let (mut near, link) = city.pipe(1);
            near.write_all(&bytes).await.unwrap();
            drop(near);
            link.await.unwrap();
        });
    }

    #[test]
    fn no_text_makes_it_panic(texts in prop::collection::vec(any_text(), 1..6)) {
        in_a_city(|mut city| async move {
            let mut village: ScriptedBox = city.welcome(1).await;
            for text in texts {
                village.try_say_raw(Message::text(text)).await;
            }
            village.vanish(&city).await;
            let mut other = city.welcome(2).await;
            city.order(&bulletin(1), &[2]).await;
            assert_eq!(other.hear_order().await, bulletin(1).ebm);
        });
    }
}

/// Frames that are nearly right, and texts that are nothing.
fn any_text() -> impl Strategy<Value = String> {
    let hello = BoxFrame::Hello(hello(1)).write();
    let report = r#"{"kind":"report","id":18446744073709551615,"ebm":"42104000000000103010101202607050001","box_code":"62104230010010314000001","event":"ended","at":-9223372036854775808}"#;
    let places =
        (prop_oneof![Just(hello), Just(report.to_owned())], any::<prop::sample::Index>(), any::<char>());
    let bent = places.prop_map(|(text, index, letter)| {
        let at = index.index(text.len());
        text.char_indices().map(|(position, old)| if position == at { letter } else { old }).collect()
    });
    prop_oneof![".{0,80}", Just(report.to_owned()), bent]
}
