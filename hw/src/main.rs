//! The box's program: read, assemble, run, let go.

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use mingluo_model::{
    bulletin::Tone,
    clock::{Clock, SharedClock, Timestamp, system::SystemClock},
    enrol::Slip,
};
use mingluo_speaker::{
    alone::alone,
    assemble,
    clip::{self, CityClips},
    config::{Config, RelayOnly, SirenConfig, SirenOnly},
    heart,
    journal::{FileMedium, Journal, Record},
    link, page,
    papers::Papers,
    status, tone_test, window,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio_util::sync::CancellationToken;

/// 鸣锣村级终端：听从有效签名的应急广播指令。The village speaker of Mingluo: it obeys signed bulletins only.
#[derive(Parser)]
#[command(
    name = "mingluo-speaker",
    version,
    after_help = "示例 Examples:\n  mingluo-speaker check --config /etc/mingluo/speaker.toml\n  mingluo-speaker run --config /etc/mingluo/speaker.toml\n  mingluo-speaker test-tone --config speaker.toml --tone red"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// 运行终端，直到收到停止信号。Run the box until it is told to stop (SIGINT or SIGTERM).
    #[command(after_help = "示例 Example:\n  mingluo-speaker run --config speaker.toml")]
    Run(Place),
    /// 检查配置、证书和公钥，不发声。Check configuration, certificates and keys; nothing sounds.
    #[command(after_help = "示例 Example:\n  mingluo-speaker check --config speaker.toml")]
    Check(Place),
    /// 注册本终端：私钥在本机生成，从不离开。有注册码时一步完成；没有网络时生成证书请求，交城市签发（mingluo box enrol），证书放到
    /// city.cert_file。Enrol the box; its key is made here and never leaves it. With a one-time code all is done in one step;
    /// without a network a request is made that the city signs (mingluo box enrol), and the certificate goes to city.cert_file.
    #[command(
        after_help = "示例 Examples:\n  mingluo-speaker enrol --config speaker.toml --city https://link.fushun.example:8445 --code K7QF9-XMD3T-4H2K-9QRS-T0VW-2ABC\n  mingluo-speaker enrol --config speaker.toml"
    )]
    Enrol {
        #[command(flatten)]
        place: Place,
        /// 城市的注册地址。 Where the city enrols boxes.
        #[arg(long, value_name = "https://HOST:PORT", requires = "code")]
        city: Option<String>,
        /// 城市给的一次性注册码，不分大小写。 The one-time code that the city gave; case does not matter.
        #[arg(long, requires = "city")]
        code: Option<Slip>,
    },
    /// 终端的状态：公钥集版本、待回执、各条指令；不影响正在运行的终端。What the journal holds; a running box is not disturbed.
    #[command(after_help = "示例 Example:\n  mingluo-speaker status --config speaker.toml")]
    Status(Place),
    /// 断开功放和警报器的继电器后退出；由 systemd 在终端异常退出后执行。Open the relays of amplifier and siren and leave; systemd runs it after the box has ended.
    #[command(after_help = "示例 Example:\n  mingluo-speaker relay-open --config /etc/mingluo/speaker.toml")]
    RelayOpen(Place),
    /// 忘记已知的时间：城市的时钟走快过、改正后终端仍因“时间倒退”拒收一切时用。先停服务，再运行本命令，再启动；序号仍记着，旧指令重放照样拒收。
    /// Forget what time it is believed to be: for a city whose clock had run ahead, so that the box refuses the right time as one
    /// that goes back. Stop the service before; numbers stay known, and what is replayed is refused as ever.
    #[command(
        after_help = "示例 Example:\n  systemctl stop mingluo-speaker\n  runuser -u mingluo-speaker -- mingluo-speaker forget-time --config /etc/mingluo/speaker.toml\n  systemctl start mingluo-speaker"
    )]
    ForgetTime(Place),
    /// 设置本机页面的口令：从标准输入读一行，散列写入 page.pin_file。Set the PIN of the box's page: one line from the input,
    /// kept as its hash in page.pin_file.
    #[command(
        after_help = "示例 Example:\n  mingluo-speaker set-pin --config /etc/mingluo/speaker.toml < pin.txt"
    )]
    SetPin(Place),
    /// 播放一次提示音，并报告是否听到。Play one tone and say whether it was heard.
    #[command(after_help = "示例 Example:\n  mingluo-speaker test-tone --config speaker.toml --tone blue")]
    TestTone {
        #[command(flatten)]
        place: Place,
        /// 提示音。The tone.
        #[arg(long, value_enum, default_value = "blue")]
        tone: ToneName,
    },
}

#[derive(clap::Args)]
struct Place {
    /// 配置文件。The configuration file; deploy/speaker.toml explains every key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum ToneName {
    Blue,
    Yellow,
    Orange,
    Red,
    AllClear,
}

impl From<ToneName> for Tone {
    fn from(name: ToneName) -> Self {
        match name {
            ToneName::Blue => Self::Blue,
            ToneName::Yellow => Self::Yellow,
            ToneName::Orange => Self::Orange,
            ToneName::Red => Self::Red,
            ToneName::AllClear => Self::AllClear,
        }
    }
}

/// A line to the person who asked; whoever has read enough may be gone (`| head`).
fn say(line: impl std::fmt::Display) {
    let _unheard = writeln!(io::stdout(), "{line}");
}

fn mention(line: impl std::fmt::Display) {
    let _unheard = writeln!(io::stderr(), "{line}");
}

// One box is one task; a second thread would only cost memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    match obey(Cli::parse().verb).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn obey(verb: Verb) -> anyhow::Result<()> {
    match verb {
        // Boxed, since it is as large as all that a box does.
        Verb::Run(place) => Box::pin(run(&place.config)).await,
        Verb::Check(place) => check(&place.config),
        Verb::Enrol { place, city: Some(city), code: Some(code) } => {
            enrol_by_code(&place.config, &city, &code).await
        }
        Verb::Enrol { place, .. } => enrol(&place.config),
        Verb::Status(place) => tell_status(&place.config),
        Verb::RelayOpen(place) => relay_open(&place.config),
        Verb::ForgetTime(place) => forget_time(&place.config),
        Verb::SetPin(place) => set_pin(&place.config),
        Verb::TestTone { place, tone } => test_tone(&place.config, tone.into()).await,
    }
}

fn complain(error: &anyhow::Error) {
    mention(format_args!("错误 error: {error}"));
    for cause in error.chain().skip(1) {
        mention(format_args!("  原因 cause: {cause}"));
    }
}

async fn run(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let _alone = alone(&config.own.state_dir)?;
    let clock: SharedClock = SystemClock::shared();
    // The agent first: it opens a relay that a killed program may have left closed, whatever else is wrong.
    let (mut agent, outside) = assemble::agent(&config, clock.clone())?;
    let (dial, papers) = assemble::linked(&config, clock.clone())?;
    agent.carry(papers);
    introduce(&config);
    heart::ready();
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    if let Some(board) = agent.clips().board.clone() {
        tokio::spawn(clip::fetch::run(board, CityClips::of(&dial, &clock), clock.clone(), stop.clone()));
    }
    if let (Some(outside), Some(shown)) = (outside, &config.page) {
        // A warning must sound whatever is wrong with the page.
        match assemble::page(&config, outside, clock.clone()) {
            Ok(page) => drop(tokio::spawn(page::serve(page, shown.listen, stop.clone()))),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the box shows no page"),
        }
    }
    let mut chance = StdRng::from_os_rng();
    link::run(&mut agent, &dial, clock.as_ref(), &mut chance, &stop).await?;
    heart::stopping();
    drop(agent);
    tracing::info!("已停止，继电器已断开 stopped; the relays are open");
    Ok(())
}

fn introduce(config: &Config) {
    tracing::info!(code = %config.own.code, region = %config.own.region, mode = ?config.own.mode, "the box is up");
    if let Some(words) = config.pretence() {
        tracing::warn!("{words}");
    }
}

/// The siren, for people.
fn siren(config: &Config) -> String {
    let told = config.siren.as_ref().map_or_else(|| "没有 none".to_owned(), SirenConfig::told);
    format!("警报器 siren    {told}")
}

fn enrol(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let request = mingluo_speaker::enrol::request(&config)?;
    say(format_args!("证书请求 request: {}", request.display()));
    say(format_args!(
        "在城市签发 sign it in the city: mingluo box enrol --dir DIR --code {} --csr {} --out box.pem",
        config.own.code,
        request.file_name().unwrap_or_default().display()
    ));
    Ok(())
}

async fn enrol_by_code(path: &Path, city: &str, code: &Slip) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    mingluo_speaker::enrol::enrol(&config, city, code, SystemClock::shared()).await?;
    say(format_args!("已注册。The box is enrolled: {}", config.own.code));
    say(format_args!("下一步 next: mingluo-speaker check --config {}", path.display()));
    say(format_args!("然后启动 and start it: systemctl enable --now mingluo-speaker"));
    Ok(())
}

fn tell_status(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let told = status::told(&status::book(&config)?);
    let version = told.key_set.map_or_else(|| "—".to_owned(), |version| version.to_string());
    say(format_args!("终端 box       {} ({}, {:?})", config.own.code, config.own.region, config.own.mode));
    say(format_args!("时间下限 floor  {} 北京时间 Beijing time", told.known_until.in_beijing()));
    say(siren(&config));
    say(format_args!("公钥集 keys    经链路 over the link: {version}"));
    say(format_args!("待回执 pending  {}", told.n_pending));
    let clock = SystemClock::shared();
    // What the journal has seen counts over a clock that fell back.
    let now = clock.now().max(told.known_until);
    match assemble::linked(&config, clock) {
        Ok((_, papers)) => say(certificate(&papers, now)),
        Err(error) => say(format_args!("证书 certificate 不能用 cannot be used: {error}")),
    }
    for (ebm, phase, latest) in told.bulletins {
        say(format_args!("指令 bulletin   {ebm} {phase} {latest:?}"));
    }
    Ok(())
}

/// How the box's certificate is.
fn certificate(papers: &Papers, now: Timestamp) -> String {
    let validity = papers.view().validity;
    let date = |at: Timestamp| at.to_jiff().map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let state = if now < validity.until {
        format!("{} 起续期 renewed from then on", date(validity.renew_at))
    } else {
        "已过期，须凭注册码重新注册 it has run out: enrol anew with a code".to_owned()
    };
    let place = papers.place().display();
    format!("证书 certificate 至 until {} ({state}) {place}", date(validity.until))
}

fn forget_time(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let _alone = alone(&config.own.state_dir)?;
    let (medium, now) = (FileMedium::new(config.own.state_dir.join("journal")), SystemClock::shared().now());
    Journal::open(Box::new(medium), now)?.append(vec![Record::TimeForgotten], now)?;
    say(format_args!(
        "已忘记，启动后以城市证实的时间为准 forgotten: after the start the time that the city proves counts"
    ));
    Ok(())
}

fn set_pin(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let file = config.page.and_then(|page| page.pin_file);
    let file = file.context("配置中没有 page.pin_file。There is no page.pin_file in the configuration: say there where the hash goes")?;
    mention(format_args!("口令 PIN ({} 个以上字符 characters or more):", page::pin::SHORTEST));
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .context("读不到口令，请从标准输入给出一行 / no PIN can be read: give one line on the input")?;
    page::pin::Pin::new(line.trim_end_matches(['\r', '\n']))?.write(&file).with_context(|| {
        format!("page.pin_file：口令没有写入 / the PIN is not written: {}", file.display())
    })?;
    say(format_args!("已写入，重启终端后生效 written, it counts after a restart: {}", file.display()));
    Ok(())
}

fn relay_open(path: &Path) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    // Each by itself: what is wrong with one must not keep the other closed.
    let relay = RelayOnly::read(path).map_err(anyhow::Error::from);
    let relay = relay.and_then(|only| Ok(assemble::open_relay(&only, &clock)?));
    let siren = SirenOnly::read(path).map_err(anyhow::Error::from);
    let siren = siren.and_then(|only| Ok(assemble::open_siren(&only, &clock)?));
    let siren = siren.context(
        "警报器继电器可能仍吸合：请手动断开警报器的电源 / the siren's relay may still be closed: switch the siren off by hand",
    );
    if let (Err(_), Err(error)) = (&relay, &siren) {
        complain(error);
    }
    relay.context(
        "功放继电器可能仍吸合：请手动断开功放的电源 / the relay may still be closed: switch the amplifier off by hand",
    )?;
    siren?;
    tracing::info!("功放和警报器的继电器已断开 the relays are open");
    Ok(())
}

async fn stop_on_signal(stop: CancellationToken) {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    stop.cancel();
}

fn check(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let clock = SystemClock::shared();
    let (_, papers) = assemble::linked(&config, clock.clone())?;
    let book = status::book(&config)?;
    let (now, beliefs) = (clock.now().max(book.floors().latest), assemble::beliefs(&config, book.keys())?);
    if let Some(voice) = &config.voice {
        assemble::readings(voice)?;
    }
    if let Some(shown) = &config.page {
        assemble::page(&config, window::window(shown.may_stop).1, clock.clone())?;
    }
    say(format_args!("终端 box      {} ({}, {:?})", config.own.code, config.own.region, config.own.mode));
    say(format_args!("城市 city     {}", config.city.addresses.join(", ")));
    say(format_args!("公钥集 keys  版本 version {}", beliefs.version));
    say(certificate(&papers, now));
    say(siren(&config));
    for key in &beliefs.keys.keys {
        let state = match now < key.not_after {
            _ if !key.public.is_usable() => "本程序不能核验 cannot be checked by this build",
            true => "有效 valid",
            false => "已过期 expired",
        };
        let (alg, level) = (key.public.alg(), key.max_level.word());
        say(format_args!("公钥 key      {} {alg} {:?} ≤{level} {state}", key.id, key.tier));
    }
    if let Some(folder) = &config.clips.library_dir {
        let library = assemble::library(folder, &beliefs, &config)?;
        say(format_args!("语音库 library 固定播报 clips {}", library.len()));
    }
    assemble::is_spoken_to(&config, &beliefs, now)?;
    if let Some(words) = config.pretence() {
        say(format_args!("注意 notice  {words}"));
    }
    say(format_args!("配置正确。The configuration is good."));
    Ok(())
}

async fn test_tone(path: &Path, tone: Tone) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let clock = SystemClock::shared();
    let _alone = alone(&config.own.state_dir)?;
    if let Some(words) = config.pretence() {
        say(format_args!("注意 notice  {words}"));
    }
    let mut hands = assemble::hands(&config, &(clock.clone() as _))?;
    let heard = tone_test::play(&mut hands, tone, assemble::rules(&config), clock.as_ref())
        .await
        .context("提示音没有播出，请看下面的原因 / the tone could not be played, see the cause")?;
    say(format_args!(
        "{}",
        if heard {
            "听到提示音。The tone was heard."
        } else {
            "未听到提示音。The tone was not heard."
        }
    ));
    anyhow::ensure!(
        heard,
        "已播放，监听输入没有听到：请检查功放、喇叭线、声卡音量和监听输入 / played, but the sense input heard nothing: check amplifier, cable, the card's mixer and sense input"
    );
    Ok(())
}
