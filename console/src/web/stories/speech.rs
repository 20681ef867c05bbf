//! Speech for loudspeakers at the officers' pages: heard before it is signed for, sent as it was heard.

use super::*;
use crate::speech::stories::wav;
use mingluo_model::clock::{Clock as _, system::SystemClock};
use std::time::Duration;

/// The engine plays a file, whatever it is asked to say.
const SPEAKS: &str = r#"
[speech]
command = ["sh", "-c", "cat > /dev/null; cp HOME/engine.wav {wav}"]
"#;
/// The engine hangs for longer than anybody waits.
const HANGS: &str = r#"
[speech]
command = ["sh", "-c", "sleep 50; cp HOME/engine.wav {wav}"]
within_s = 60
"#;

async fn town(speech: &str) -> Town {
    let town = Town::with_speakers(speech).await;
    wav(&town.home().join("engine.wav"), 500.0);
    town
}

fn spoken(town: &Town) -> Fields {
    let mut form = town.red.clone();
    form.iter_mut().filter(|(name, _)| *name == "channels").for_each(|(_, value)| *value = "speaker");
    form
}

async fn release(town: &Town, id: &str) {
    let zhao = town.sign_in("zhao").await;
    let done = zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "1")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
}

#[tokio::test]
async fn what_was_auditioned_is_what_is_signed_and_sent() {
    let town = town(SPEAKS).await;
    let id = approved_form(&town, "/live", &spoken(&town)).await;
    let li = town.sign_in("li").await;
    let path = format!("/live/alerts/{id}");
    let clip = li.get(&format!("{path}/speech.opus")).await;
    assert_eq!((clip.status, clip.header("content-type")), (StatusCode::OK, "audio/ogg"));
    assert!(clip.header("content-security-policy").contains("media-src 'self'"));
    let page = li.get(&path).await.body;
    for shown in ["<audio controls", "speech.opus", "1.0 秒", "合成引擎", "供电台"] {
        assert!(page.contains(shown), "{shown}");
    }
    let (alert, _) = town.city.live.alert(id.parse().unwrap()).await.unwrap();
    let heard = town.city.live.made_speech(&alert).await.unwrap().unwrap();

    // What the engine would say now is nobody's business any more.
    wav(&town.home().join("engine.wav"), 1_500.0);
    let zhao = town.sign_in("zhao").await;
    assert!(zhao.get(&format!("{path}/release")).await.body.contains("<audio controls"));
    release(&town, &id).await;
    let sent = town.city.live.sent_clip(alert.id).await.unwrap().unwrap();
    assert_eq!((sent.sha256, sent.len), (heard.sha256, heard.len));

    let page = li.get(&path).await.body;
    assert!(page.contains("<audio controls") && page.contains("1.0 秒"), "it can be heard afterwards");
    assert!(li.get(&format!("{path}/speech.wav")).await.body.starts_with("RIFF"));
    assert!(li.get(&format!("{path}/speech.txt")).await.body.contains("大暴雨"));
    assert_eq!(town.stranger().get(&format!("{path}/speech.opus")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_engine_that_hangs_holds_a_warning_up_for_a_breath_and_the_officers_are_told() {
    let town = town(HANGS).await;
    let id = approved_form(&town, "/live", &spoken(&town)).await;
    let li = town.sign_in("li").await;
    let path = format!("/live/alerts/{id}");
    assert!(li.get(&path).await.body.contains("语音正在合成"));
    let clock = SystemClock::shared();
    let before = clock.ticks();
    release(&town, &id).await;
    assert!(clock.ticks().saturating_sub(before) < Duration::from_secs(8));
    assert_eq!(town.city.live.sent_clip(id.parse().unwrap()).await.unwrap(), None);
    assert!(li.get(&path).await.body.contains("由终端自行朗读文字"));
    let rows = town.city.store.audit_rows(0, 100).await.unwrap();
    let line = rows.iter().find(|row| row.line.action == "alert.release").unwrap();
    assert!(line.line.detail["speech"]["problem"].as_str().unwrap().contains("took longer"));
}

#[tokio::test]
async fn a_city_without_speech_shows_none_and_asks_nobody() {
    let town = town("").await;
    let id = approved_form(&town, "/live", &spoken(&town)).await;
    let li = town.sign_in("li").await;
    let path = format!("/live/alerts/{id}");
    assert!(!li.get(&path).await.body.contains("<audio"));
    assert_eq!(li.get(&format!("{path}/speech.opus")).await.status, StatusCode::NOT_FOUND);
    assert!(li.get(&format!("{path}/speech.txt")).await.body.contains("大暴雨"));
    release(&town, &id).await;
    assert!(!li.get(&path).await.body.contains("朗读"));
}
