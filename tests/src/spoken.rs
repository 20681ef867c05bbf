//! Speech from the city's engine to the villager's ear: made and kept by the console's own code, fetched by the real box
//! from the real door over mutual TLS, through a line that is cut in the middle; what is heard is measured.

use crate::{
    pi::city::{City, box_code, region, trust_files},
    sim_boxes::read_list,
};
use async_trait::async_trait;
use mingluo_channels::speaker::{
    clips,
    pages::{Answer, Asked, Caller, Page, Pages},
};
use mingluo_console::speech::{Engine, Ladder, Speech, StoredClips, named};
use mingluo_ledger::vault::Vault;
use mingluo_model::{
    alert::ContentHash,
    bulletin::{AudioClip, Bulletin, Tone},
    clock::{SharedClock, system::SystemClock},
};
use mingluo_speaker::{
    assemble,
    clip::{CityClips, fetch},
    config::Config,
    link,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{
    f64::consts::TAU,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// The pitch of the engine's voice; none of a tone's.
const VOICE: f64 = 2_000.0;
/// Bytes from the city after which the line to the first fetch is cut: behind the handshake, before the clip's end.
const CUT: u64 = 12_000;

/// A line to the city, which is cut once: on the second connection, the first after the link's own.
struct Line {
    port: u16,
    n_connections: Arc<AtomicUsize>,
}

impl Line {
    async fn to(city: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let n_connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_connections);
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let nth = count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(near, city, nth));
            }
        });
        Self { port, n_connections }
    }
}

async fn carry(near: TcpStream, city: u16, nth: usize) {
    let far = TcpStream::connect(("127.0.0.1", city)).await.unwrap();
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
    let up = tokio::spawn(async move { tokio::io::copy(&mut near_in, &mut far_out).await });
    let (mut piece, mut total) = ([0; 512], 0);
    while let Ok(count) = far_in.read(&mut piece).await {
        total += count as u64;
        let is_cut = nth == 1 && total > CUT;
        if count == 0 || is_cut || near_out.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    up.abort();
}

/// The city's page of clips, with a note of the ranges that were asked for.
struct Noted {
    page: clips::ClipPage,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Page for Noted {
    async fn answer(&self, caller: &Caller, asked: Asked) -> Answer {
        let range = asked.headers().get("range").unwrap().to_str().unwrap().to_owned();
        self.asked.lock().unwrap().push(range);
        self.page.answer(caller, asked).await
    }
}

/// Speech of twenty seconds, made by a program and kept in a store; what the bulletin names, and where boxes ask.
async fn made(dir: &Path, clock: &SharedClock) -> (AudioClip, Noted) {
    let engine = dir.join("engine.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&engine, spec).unwrap();
    for nth in 0..20 * 22_050 {
        writer.write_sample((9_000.0 * (f64::from(nth) / 22_050.0 * VOICE * TAU).sin()) as i16).unwrap();
    }
    writer.finalize().unwrap();
    let address = format!("sqlite:{}", dir.join("ledger.db").display());
    mingluo_ledger::migrate(&address).await.unwrap();
    let ring = Vault::generate(&mut StdRng::seed_from_u64(1));
    let store = mingluo_ledger::open(&address, Arc::new(Vault::read("keys", &ring).unwrap())).await.unwrap();
    let words = format!("cat > /dev/null; cp {} \"$0\"", engine.display());
    let engine = Engine::program(&["sh", "-c", &words, "{wav}"].map(str::to_owned), None).unwrap();
    let ladder = Ladder::new(vec![engine], Duration::from_secs(20), clock.clone());
    let speech = Speech::new(ladder, Arc::clone(&store), clock.clone());
    let made = speech.make(ContentHash([1; 32]), "预警").await.unwrap();
    let page = clips::ClipPage::new(Arc::new(StoredClips::new(store)));
    (named(&made), Noted { page, asked: Arc::default() })
}

/// The box as its operator sets it up. It plays four times as fast as people listen.
fn set_up(dir: &Path, city: &City, port: u16, clock: &SharedClock) -> Config {
    let listed = read_list(&city.made.list).unwrap().remove(0);
    let (root, keys) = trust_files(clock.now()).unwrap();
    fs::write(dir.join("root.pub"), root).unwrap();
    fs::write(dir.join("keys.json"), keys).unwrap();
    let (code, region) = (box_code(), region());
    let (ca, cert, key) = (city.made.ca.display(), listed.cert.display(), listed.key.display());
    let text = format!(
        "[box]\ncode = \"{code}\"\nregion = \"{region}\"\nmode = \"live\"\nstate_dir = \"state\"\n\
         [city]\naddresses = [\"wss://127.0.0.1:{port}/link\"]\nca_file = \"{ca}\"\ncert_file = \"{cert}\"\n\
         key_file = \"{key}\"\n[trust]\nroot_file = \"root.pub\"\nkeys_file = \"keys.json\"\nclock = \"own\"\n\
         [relay]\nkind = \"simulated\"\n[sense]\nkind = \"simulated\"\n[simulation]\ntime_scale = 4\n"
    );
    fs::write(dir.join("speaker.toml"), text).unwrap();
    Config::read(&dir.join("speaker.toml")).unwrap()
}

fn switch_on(config: &Config, clock: &SharedClock) -> CancellationToken {
    let (mut agent, _) = assemble::agent(config, clock.clone()).unwrap();
    let dial = assemble::dial(config, clock.clone()).unwrap();
    let (stop, board) = (CancellationToken::new(), agent.clips().board.clone().unwrap());
    tokio::spawn(fetch::run(board, CityClips::of(&dial, clock), clock.clone(), stop.clone()));
    let (token, clock) = (stop.clone(), clock.clone());
    tokio::spawn(async move {
        let mut chance = StdRng::seed_from_u64(1);
        link::run(&mut agent, &dial, clock.as_ref(), &mut chance, &token).await.unwrap();
    });
    stop
}

/// The share of one pitch in the samples (Goertzel's filter), 0 to about 1.
fn share(samples: &[i16], hz: f64) -> f64 {
    let step = 2.0 * (TAU * hz / 16_000.0).cos();
    let (one, two) =
        samples.iter().fold((0.0, 0.0), |(one, two), sample| (f64::from(*sample) + step * one - two, one));
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    2.0 * (one * one + two * two - step * one * two) / (energy * samples.len() as f64)
}

#[tokio::test]
async fn a_village_hears_the_city_s_own_voice_though_the_line_was_cut() {
    let clock: SharedClock = SystemClock::shared();
    let dir = tempfile::tempdir().unwrap();
    let (audio, page) = made(dir.path(), &clock).await;
    let asked = Arc::clone(&page.asked);
    let pages = Pages::default().with(clips::PLACE, Arc::new(page));
    let mut city = City::open_with(dir.path(), clock.clone(), pages).await.unwrap();
    let line = Line::to(city.port).await;
    let config = set_up(dir.path(), &city, line.port, &clock);
    let stop = switch_on(&config, &clock);
    city.until_online(1).await.unwrap();

    let bulletin = Bulletin { audio: Some(audio), volume: 100, ..city.bulletin(Tone::Red, 2) };
    city.send(&bulletin).await.unwrap();
    city.hear("ended").await.unwrap();
    stop.cancel();

    let file = dir.path().join(format!("state/recordings/{}.wav", bulletin.ebm));
    let heard: Vec<i16> = hound::WavReader::open(file).unwrap().into_samples().map(Result::unwrap).collect();
    let spoken = heard.chunks(16_000).filter(|second| share(second, VOICE) > 0.9).count();
    assert!((19..=40).contains(&spoken), "{spoken} seconds of speech in {}", heard.len() / 16_000);
    let loud: f64 = heard.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / heard.len() as f64;
    assert!(loud.sqrt() > 0.1 * f64::from(i16::MAX), "{}", loud.sqrt());
    assert_eq!(line.n_connections.load(Ordering::Relaxed), 3, "the link, the fetch that was cut, the rest");
    let asked = asked.lock().unwrap().clone();
    let [first, rest] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(first == "bytes=0-" && rest != "bytes=0-", "{asked:?}: what had come is not fetched again");
}
