//! A clip's way from a small pretend city to the card, over real sockets and real mutual TLS: cut in the middle, forged,
//! wanted twice.

use crate::{
    city::{Papers, papers, red},
    link::dial,
    pretend_clips::clip,
};
use mingluo_model::{
    bulletin::{AudioClip, Bulletin},
    clock::{Clock as _, SharedClock, Timestamp, system::SystemClock},
};
use mingluo_speaker::clip::{CityClips, ClipBoard, Found, fetch, shelf::Shelf};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

/// What the city does with one request for a clip.
#[derive(Clone)]
enum Turn {
    /// Answers as it should.
    Serve,
    /// Hangs up after so many bytes of the body.
    CutAfter(usize),
    /// Sends other bytes of the right length.
    Forge,
    /// Has no such clip.
    Missing,
}

/// A city that serves one clip, turn by turn and the last turn for ever; notes from where it was asked.
struct Shop {
    port: u16,
    papers: Papers,
    asked: Arc<Mutex<Vec<u64>>>,
}

impl Shop {
    async fn open(bytes: Vec<u8>, turns: Vec<Turn>) -> Self {
        let (papers, asked) = (papers(), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, notes) = (papers.acceptor.clone(), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
                let mut request = vec![0; 2_048];
                let count = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..count]).to_lowercase();
                let range = request.split("range: bytes=").nth(1).and_then(|rest| rest.split('-').next());
                // A box that was switched off hangs up before it asks.
                let Some(from) = range.and_then(|from| from.parse::<usize>().ok()) else { continue };
                let nth = notes.lock().unwrap().len();
                notes.lock().unwrap().push(from as u64);
                let turn = turns.get(nth).unwrap_or(turns.last().unwrap()).clone();
                let answer = answer(&bytes, from, &turn);
                let _cut_by_the_box = stream.write_all(&answer).await;
                // Who closes with something unread takes back what is still on its way.
                let _gone = stream.shutdown().await;
                let _nothing = stream.read_to_end(&mut Vec::new()).await;
            }
        });
        Self { port, papers, asked }
    }

    fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(bytes: &[u8], from: usize, turn: &Turn) -> Vec<u8> {
    let head = |length: usize| {
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}\r\nContent-Length: {length}\r\n\r\n",
            bytes.len() - 1,
            bytes.len()
        )
    };
    let rest = &bytes[from..];
    match turn {
        Turn::Serve => [head(rest.len()).as_bytes(), rest].concat(),
        Turn::CutAfter(most) => [head(rest.len()).as_bytes(), &rest[..*most]].concat(),
        Turn::Forge => [head(rest.len()).as_bytes(), &vec![7; rest.len()]].concat(),
        Turn::Missing => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
    }
}

/// A box's fetcher over a card, until it is dropped.
struct Fetcher {
    board: ClipBoard,
    halt: CancellationToken,
}

impl Fetcher {
    fn of(shop: &Shop, card: &Path) -> Self {
        let clock: SharedClock = SystemClock::shared();
        let shelf = Shelf::open(card.to_owned(), 1_000_000).unwrap();
        let board = ClipBoard::new(shelf, Duration::from_secs(5), Duration::from_secs(3));
        let dial = dial(&shop.papers, shop.port, &clock);
        let halt = CancellationToken::new();
        tokio::spawn(fetch::run(board.clone(), CityClips::of(&dial, &clock), clock, halt.clone()));
        Self { board, halt }
    }

    /// What became of the clip when it is no longer awaited.
    async fn outcome(&self, clip: &AudioClip) -> Found {
        let clock = SystemClock::shared();
        loop {
            match self.board.look(clip) {
                Found::Awaited => clock.sleep(Duration::from_millis(5)).await,
                outcome => return outcome,
            }
        }
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.halt.cancel();
    }
}

fn now() -> Timestamp {
    SystemClock::shared().now()
}

fn wanting(audio: AudioClip) -> Bulletin {
    Bulletin { audio: Some(audio), ..red(1, now()) }
}

async fn parts_reach(card: &Path, clip: &AudioClip, length: u64) {
    let part: PathBuf = card.join(format!("{}.part", hex::encode(clip.sha256)));
    while std::fs::metadata(&part).map_or(0, |meta| meta.len()) < length {
        SystemClock::shared().sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_clip_that_was_cut_is_gone_on_with_where_it_broke_off() {
    let (bytes, audio) = clip(700.0, 32_000);
    let shop = Shop::open(bytes.clone(), vec![Turn::CutAfter(1_000), Turn::Serve]).await;
    let card = tempfile::tempdir().unwrap();
    let fetcher = Fetcher::of(&shop, card.path());
    fetcher.board.want(&wanting(audio));
    let Found::Whole(file) = fetcher.outcome(&audio).await else { panic!("no clip") };
    assert_eq!(std::fs::read(file).unwrap(), bytes);
    assert_eq!(shop.asked(), [0, 1_000]);

    // Another bulletin with the same speech asks nobody.
    fetcher.board.want(&Bulletin { audio: Some(audio), ..red(2, now()) });
    assert!(matches!(fetcher.board.look(&audio), Found::Whole(_)));
    assert_eq!(shop.asked().len(), 2);
}

#[tokio::test]
async fn a_restart_in_the_middle_costs_nothing_that_has_come() {
    let (bytes, audio) = clip(700.0, 32_000);
    let shop = Shop::open(bytes, vec![Turn::CutAfter(1_500), Turn::Missing]).await;
    let card = tempfile::tempdir().unwrap();
    let before = Fetcher::of(&shop, card.path());
    before.board.want(&wanting(audio));
    parts_reach(card.path(), &audio, 1_500).await;
    drop(before);

    let (bytes, _) = clip(700.0, 32_000);
    let later = Shop::open(bytes, vec![Turn::Serve]).await;
    let after = Fetcher::of(&later, card.path());
    after.board.want(&wanting(audio));
    assert!(matches!(after.outcome(&audio).await, Found::Whole(_)));
    assert_eq!(later.asked(), [1_500]);
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_leave_nothing_on_the_card() {
    let (bytes, audio) = clip(700.0, 32_000);
    let shop = Shop::open(bytes, vec![Turn::Forge]).await;
    let card = tempfile::tempdir().unwrap();
    let fetcher = Fetcher::of(&shop, card.path());
    fetcher.board.want(&wanting(audio));
    let Found::Refused(why) = fetcher.outcome(&audio).await else { panic!("played") };
    assert!(why.contains("its digest is another"), "{why}");
    assert_eq!(std::fs::read_dir(card.path()).unwrap().count(), 0);
    assert_eq!(shop.asked(), [0], "it is not asked for again");
}
