//! What happens on the board: a bulletin moves the pin, its end moves it back; then the box is ended in every way there
//! is, and after each the unit file's own line leaves the pin at rest.

use super::{
    PIN, PiOptions,
    card::Card,
    city::{City, box_code, region, trust_files},
    machine::{Machine, PinState},
};
use anyhow::{Context as _, Result, ensure};
use mingluo_model::{bulletin::Tone, clock::SharedClock};
use std::{fs, path::Path, time::Duration};

/// The pin at rest: driven, and low.
const AT_REST: PinState = PinState { is_output: true, is_high: false };
/// The pin while it sounds.
const SOUNDING: PinState = PinState { is_output: true, is_high: true };
/// For a pin to move.
const MOVE_LIMIT: Duration = Duration::from_mins(1);

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// From the order in the hub to the pin's rise, seen from outside, sorted.
    pub to_sound: Vec<Duration>,
    /// From the stop in the hub to the pin's fall, sorted.
    pub to_silence: Vec<Duration>,
    /// How the box was ended, the pin right afterwards, and the pin after the unit's ExecStopPost.
    pub endings: Vec<(String, PinState, PinState)>,
    /// What the board's clock showed when the box was switched on.
    pub board_clock: String,
}

/// The lines that systemd would run.
struct Unit {
    start: String,
    stop_post: String,
}

impl Unit {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let line = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            found.map(str::to_owned).with_context(|| format!("{}: no {key}", path.display()))
        };
        Ok(Self { start: line("ExecStart")?, stop_post: line("ExecStopPost")? })
    }
}

/// Boots a board and lets it live through all of it.
///
/// # Errors
/// Says what did not happen as it must.
pub async fn run(options: &PiOptions, dir: &Path, clock: SharedClock) -> Result<Found> {
    let unit = Unit::read(&options.unit)?;
    let mut city = City::open(dir, clock.clone()).await?;
    let archive = dir.join("card.cpio");
    fs::write(&archive, card(options, &city, clock.as_ref())?.finish())?;
    let mut board = Box::pin(Machine::boot(dir, &options.root, &archive, clock.clone())).await?;
    let board_clock = board.run("date").await?.trim().to_owned();
    ensure!(!board.pin(PIN).await?.is_output, "the pin was an output before the box ran");
    switch_on(&mut board, &unit).await?;
    city.until_online(1).await?;
    ensure!(board.pin(PIN).await? == AT_REST, "the pin is not at rest: {}", board.pin(PIN).await?);
    let (to_sound, to_silence) = measure(&mut board, &mut city, &clock, options.count).await?;
    plays_to_its_end(&mut board, &mut city).await?;
    let mut endings = Vec::new();
    for signal in ["KILL", "ABRT", "STOP+KILL", "TERM"] {
        endings.push(ended_by(signal, &mut board, &mut city, &unit).await?);
    }
    board.unplug().await?;
    Ok(Found { to_sound, to_silence, endings, board_clock })
}

fn card(options: &PiOptions, city: &City, clock: &dyn mingluo_model::clock::Clock) -> Result<Card> {
    let mut card = Card::of(&options.root, &options.box_program)?;
    let (root, keys) = trust_files(clock.now())?;
    let pki = city.made.ca.parent().unwrap_or_else(|| Path::new("."));
    let own = |ending: &str| fs::read(pki.join(format!("{}.{ending}", box_code())));
    card.file("etc/mingluo/speaker.toml", config(city.port).as_bytes());
    card.file("etc/mingluo/root.pub", root.as_bytes());
    card.file("etc/mingluo/keys.json", &keys);
    card.file("etc/mingluo/ca.pem", &fs::read(&city.made.ca)?);
    card.file("etc/mingluo/box.pem", &own("pem")?);
    card.file("etc/mingluo/box.key", &own("key")?);
    Ok(card)
}

/// The host of the emulated network is the machine that runs it.
fn config(port: u16) -> String {
    let (code, region) = (box_code(), region());
    format!(
        "[box]\ncode = \"{code}\"\nregion = \"{region}\"\nmode = \"live\"\nstate_dir = \"/var/lib/mingluo-speaker\"\n\
         [city]\naddresses = [\"wss://10.0.2.2:{port}/link\"]\nca_file = \"ca.pem\"\ncert_file = \"box.pem\"\n\
         key_file = \"box.key\"\nbackoff_first_ms = 200\nbackoff_most_s = 2\n\
         [trust]\nroot_file = \"root.pub\"\nkeys_file = \"keys.json\"\nclock = \"city\"\n\
         [play]\nsink = \"mute\"\n[relay]\nkind = \"gpio\"\npin = {PIN}\n[sense]\nkind = \"none\"\n\
         [simulation]\nemulated_board = true\n"
    )
}

async fn switch_on(board: &mut Machine, unit: &Unit) -> Result<()> {
    board.run(&format!("{} >>/tmp/box.log 2>&1 & box=$!", unit.start)).await.map(|_| ())
}

/// The same again and again: sound, and silence before the tone is over.
async fn measure(
    board: &mut Machine,
    city: &mut City,
    clock: &SharedClock,
    count: u16,
) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let (mut to_sound, mut to_silence) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let play = city.bulletin(Tone::Red, 10);
        let since = clock.ticks();
        city.send(&play).await?;
        board.watch(PIN, true, MOVE_LIMIT).await?;
        to_sound.push(clock.ticks().saturating_sub(since));
        let stop = city.stop(play.ebm);
        let since = clock.ticks();
        city.send(&stop).await?;
        board.watch(PIN, false, MOVE_LIMIT).await?;
        to_silence.push(clock.ticks().saturating_sub(since));
        city.hear("stopped").await?;
    }
    to_sound.sort_unstable();
    to_silence.sort_unstable();
    Ok((to_sound, to_silence))
}

/// Without an ear the box says that it was not heard, and that it has ended.
async fn plays_to_its_end(board: &mut Machine, city: &mut City) -> Result<()> {
    let play = city.bulletin(Tone::Blue, 1);
    city.forget();
    city.send(&play).await?;
    board.watch(PIN, true, MOVE_LIMIT).await?;
    city.hear("not-heard").await?;
    city.hear("ended").await?;
    ensure!(board.pin(PIN).await? == AT_REST, "the pin is not at rest after the end");
    Ok(())
}

/// Ends the box while it sounds, reads the pin, runs what the service manager runs, reads it again, and starts anew.
async fn ended_by(
    signal: &str,
    board: &mut Machine,
    city: &mut City,
    unit: &Unit,
) -> Result<(String, PinState, PinState)> {
    let play = city.bulletin(Tone::Red, 10);
    city.send(&play).await?;
    board.watch(PIN, true, MOVE_LIMIT).await?;
    city.hear("playing").await?;
    for signal in signal.split('+') {
        board.run(&format!("kill -{signal} $box")).await?;
    }
    board.run("wait $box; true").await?;
    let left = board.pin(PIN).await?;
    if signal != "TERM" {
        ensure!(left == SOUNDING, "after {signal} the pin was {left}: this board hides what a real one does");
    }
    board.run(&unit.stop_post).await?;
    let after = board.pin(PIN).await?;
    ensure!(after == AT_REST, "after {signal} and {} the pin is {after}", unit.stop_post);
    city.until_online(0).await?;
    switch_on(board, unit).await?;
    city.until_online(1).await?;
    city.hear("interrupted").await?;
    ensure!(board.pin(PIN).await? == AT_REST, "what was interrupted sounds again");
    Ok((signal.to_owned(), left, after))
}
