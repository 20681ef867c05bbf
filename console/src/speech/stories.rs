//! Engines that speak, fail, hang and say nothing; what was made once stays.

use super::*;
use crate::tongue::tell;
use mingluo_ledger::vault::Vault;
use mingluo_model::{
    bulletin::reading::Readings,
    clock::{Clock as _, system::SystemClock},
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::path::Path;
use tempfile::TempDir;

const CONTENT: ContentHash = ContentHash([1; 32]);
const OTHER: ContentHash = ContentHash([2; 32]);

/// A second of one pitch as WAV.
pub(crate) fn wav(file: &Path, hz: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    for nth in 0..22_050 {
        let turn = f64::from(nth) / 22_050.0 * hz * std::f64::consts::TAU;
        writer.write_sample((8_000.0 * turn.sin()) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn program(words: &str) -> Engine {
    Engine::program(&["sh", "-c", words, "{wav}"].map(str::to_owned), None).unwrap()
}

struct Studio {
    speech: Speech,
    dir: TempDir,
}

impl Studio {
    async fn new(ladder: impl FnOnce(&Path) -> Vec<Engine>) -> Self {
        Self::within(Duration::from_secs(20), ladder).await
    }

    async fn within(limit: Duration, ladder: impl FnOnce(&Path) -> Vec<Engine>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        wav(&dir.path().join("low.wav"), 300.0);
        wav(&dir.path().join("high.wav"), 900.0);
        let address = format!("sqlite:{}", dir.path().join("ledger.db").display());
        mingluo_ledger::migrate(&address).await.unwrap();
        let ring = Vault::generate(&mut StdRng::seed_from_u64(1));
        let vault = Arc::new(Vault::read("keys", &ring).unwrap());
        let store = mingluo_ledger::open(&address, vault).await.unwrap();
        let clock: SharedClock = SystemClock::shared();
        let ladder = Ladder::new(ladder(dir.path()), limit, clock.clone());
        let speech = Speech::new(ladder, store, clock);
        Self { speech, dir }
    }
}

#[tokio::test]
async fn what_was_made_for_a_content_is_never_made_differently() {
    // The engine says something else each time it is asked.
    let moody = |dir: &Path| {
        let dir = dir.display();
        vec![program(&format!(
            "cat > /dev/null; cp {dir}/low.wav \"$0\"; mv {dir}/high.wav {dir}/low.wav; true"
        ))]
    };
    let studio = Studio::new(moody).await;
    let first = studio.speech.make(CONTENT, "预警").await.unwrap();
    let again = studio.speech.make(CONTENT, "预警").await.unwrap();
    assert_eq!((&again, first.voice.as_str()), (&first, "engine"));
    assert!((990..=1_000).contains(&first.length_ms), "{}", first.length_ms);
    let clip = studio.speech.clip(first.sha256).await.unwrap().unwrap();
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&clip)), first.sha256);
    let other = studio.speech.make(OTHER, "预警").await.unwrap();
    assert_ne!(other.sha256, first.sha256);
    drop(studio.dir);
}

#[tokio::test]
async fn an_engine_that_fails_gives_way_and_its_trouble_is_told_until_it_is_over() {
    let broken = |_: &Path| vec![program("cat > /dev/null; exit 3")];
    let studio = Studio::new(broken).await;
    let trouble = studio.speech.make(CONTENT, "预警").await.unwrap_err();
    let told = tell(trouble.as_ref());
    assert!(told.zh.contains("sh") && told.zh.contains("speech.command"), "{}", told.zh);
    assert!(told.en.contains("exit status: 3"), "{}", told.en);
    assert!(studio.speech.trouble(CONTENT).is_some() && studio.speech.trouble(OTHER).is_none());
    assert_eq!(studio.speech.made(CONTENT).await.unwrap(), None);

    let rescued = Studio::new(|dir| {
        let good = format!("cat > /dev/null; cp {}/low.wav \"$0\"", dir.display());
        vec![program("exit 3"), program(&good)]
    });
    let rescued = rescued.await;
    assert!(rescued.speech.make(CONTENT, "预警").await.is_ok() && rescued.speech.trouble(CONTENT).is_none());
}

#[tokio::test]
async fn an_engine_that_hangs_or_is_silent_or_is_not_there_is_named() {
    let hanging = |_: &Path| vec![program("sleep 60")];
    let studio = Studio::within(Duration::from_millis(50), hanging).await;
    let late = studio.speech.make(CONTENT, "预警").await.unwrap_err();
    assert!(matches!(*late, SpeechError::Late { .. }), "{late}");

    let silent = |_: &Path| vec![program("cat > /dev/null; printf RIFF > \"$0\"")];
    let studio = Studio::new(silent).await;
    let bad = studio.speech.make(CONTENT, "预警").await.unwrap_err();
    assert!(matches!(*bad, SpeechError::Wav { .. }), "{bad}");

    let missing = |_: &Path| vec![Engine::program(&["/no/engine".to_owned()], None).unwrap()];
    let studio = Studio::new(missing).await;
    let missing = tell(studio.speech.make(CONTENT, "预警").await.unwrap_err().as_ref());
    assert!(missing.zh.contains("没有这个程序") && missing.en.contains("/no/engine"), "{}", missing.zh);
}

#[tokio::test]
async fn a_release_waits_a_little_and_what_comes_later_is_kept_all_the_same() {
    let slow = |dir: &Path| vec![program(&format!("sleep 0.3; cp {}/low.wav \"$0\"", dir.display()))];
    let studio = Studio::new(slow).await;
    let late = studio.speech.settle(CONTENT, "预警", Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(*late, SpeechError::Late { .. }), "{late}");
    let clock = SystemClock::shared();
    while studio.speech.made(CONTENT).await.unwrap().is_none() {
        clock.sleep(Duration::from_millis(10)).await;
    }
}

/// A service that answers so.
async fn service(answer: impl axum::response::IntoResponse + Clone + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let said = move |text: String| {
        let answer = answer.clone();
        async move {
            assert_eq!(text, "雨量五十毫米");
            answer
        }
    };
    let routes = axum::Router::new().route("/say", axum::routing::post(said));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{at}/say")
}

#[tokio::test]
async fn a_service_is_given_the_words_as_they_are_said_and_its_refusal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("answer.wav"), 400.0);
    let answer = std::fs::read(dir.path().join("answer.wav")).unwrap();
    // Whoever has one already keeps it; the program does so at its start.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let (good, bad) = (service(answer).await, service(axum::http::StatusCode::TOO_MANY_REQUESTS).await);
    let by = |url: &str| vec![Engine::service(url, None).unwrap()];
    let studio = Studio::new(|_| by(&good)).await;
    assert_eq!(studio.speech.make(CONTENT, "雨量50mm").await.unwrap().voice, "engine");
    let studio = Studio::new(|_| by(&bad)).await;
    let refused = tell(studio.speech.make(CONTENT, "雨量50mm").await.unwrap_err().as_ref());
    assert!(refused.zh.contains("429") && refused.en.contains("speech.url"), "{}", refused.zh);
    assert!(Engine::service("unix:/socket", None).is_none());
}

#[tokio::test]
async fn the_last_rung_speaks_mandarin() {
    if std::process::Command::new("espeak-ng").arg("--version").output().is_err() {
        assert!(std::env::var_os("MINGLUO_NEED_SOUND").is_none(), "espeak-ng is missing");
        return eprintln!("SKIPPED, NOT TESTED: espeak-ng is missing");
    }
    let studio = Studio::new(|_| vec![Engine::last_rung(Readings::default())]).await;
    let made = studio.speech.make(CONTENT, "抚顺市发布暴雨红色预警，请立即转移。").await.unwrap();
    assert_eq!(made.voice, "espeak-ng");
    assert!((2_000..12_000).contains(&made.length_ms), "{}", made.length_ms);
    assert!(made.len < 3 * made.length_ms, "{} bytes for {} ms", made.len, made.length_ms);
}
