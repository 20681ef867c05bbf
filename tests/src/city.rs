//! A city in one process: a store of its own, an office for real warnings and one for drills, and a pretend SMS
//! centre for each, in a folder that is gone when the city is. Stories drive it by the officers' verbs.

use crate::sim_smsc::{
    Faults, Smsc, SmscConfig,
    log::{Arrived, Record, Tail, Verdict},
};
use anyhow::Context;
use mingluo_console::{
    app::City as Console,
    config::Config,
    office::{DraftOrder, Follow, Office},
    region::Region,
    roster::{self, KeepOrder},
};
use mingluo_dispatch::view::PlanView;
use mingluo_ledger::vault::Vault;
use mingluo_model::{
    alert::Alert,
    audience::ChannelKind,
    clock::{SharedClock, system::SystemClock},
    id::{AlertId, OfficerId},
    mode::{Live, Mode, ModeKind},
    owner::{Officer, Owner, Role},
    region::RegionCode,
};
use mingluo_targeting::{edition::EditionBuilder, roster::Recipient};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How a story wants its city.
#[derive(Debug, Clone)]
pub struct CityOrder {
    /// Recipients, spread over the villages of one county.
    pub recipients: u32,
    /// Parts a second that the gateway grants.
    pub licence: u32,
    /// Unanswered parts a session may have.
    pub window: u32,
    /// Milliseconds of hold for every grade.
    pub hold_ms: u32,
    /// Seconds that receipts are waited for.
    pub receipts_within_s: u32,
    /// Whether recipients have mailboxes besides ([`mailbox`]).
    pub mail: bool,
    /// Whether recipients follow the service account besides ([`openid`]).
    pub wechat: bool,
    /// Whether recipients are members of the corporation besides ([`userid`]).
    pub wecom: bool,
    /// Robots of groups, each in a village; they are recipients besides.
    pub robots: Vec<String>,
    /// What stands in the table `render` besides.
    pub render: String,
    /// What the pretend SMS centres do wrong.
    pub faults: Faults,
    /// More of the configuration, for instance other accounts.
    pub more: String,
    /// More of its table `dispatch`.
    pub dispatch: String,
    /// The first pretend number of each network that recipients are in, in turn.
    pub networks: Vec<u64>,
    /// Persons besides, as the roster has them.
    pub persons: Vec<Recipient>,
    /// The region pack, when it is not the demonstration's.
    pub pack: Option<PathBuf>,
    /// The database; a SQLite file of the city's own when `None`.
    pub database: Option<String>,
}

impl Default for CityOrder {
    fn default() -> Self {
        Self {
            recipients: 40,
            licence: 2_000,
            window: 64,
            hold_ms: 0,
            receipts_within_s: 2,
            mail: false,
            wechat: false,
            wecom: false,
            robots: Vec::new(),
            render: String::new(),
            faults: faults(&[]),
            more: String::new(),
            dispatch: String::new(),
            networks: vec![FIRST_NUMBER],
            persons: Vec::new(),
            pack: None,
            database: None,
        }
    }
}

/// A running city.
pub struct City {
    /// The house under test.
    pub console: Arc<Console>,
    /// Real warnings' SMS centre.
    pub live_smsc: Smsc,
    /// Drills' SMS centre.
    pub drill_smsc: Smsc,
    folder: tempfile::TempDir,
    clock: SharedClock,
    region: RegionCode,
    config: String,
}

/// What a pretend centre does wrong, in the words of its own command line.
///
/// # Panics
/// On words that the program would not take either.
pub fn faults(words: &[&str]) -> Faults {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        faults: Faults,
    }
    let words = std::iter::once("sim-smsc").chain(words.iter().copied());
    <Line as clap::Parser>::try_parse_from(words).expect("a story writes its knobs right").faults
}

/// The county in which stories happen: 清原满族自治县.
const COUNTY: &str = "210423";

/// Pretend numbers begin here: a segment that was unassigned in December 2023.
const FIRST_NUMBER: u64 = 19_730_600_000;

impl City {
    /// Builds a city and starts it.
    ///
    /// # Errors
    /// Whatever did not start.
    pub async fn start(order: CityOrder) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock: SharedClock = SystemClock::shared();
        let centre = |name: &str| {
            let config = SmscConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                log: Some(folder.path().join(format!("{name}.log"))),
                faults: order.faults.clone(),
                ..SmscConfig::default()
            };
            Smsc::start(config, clock.clone())
        };
        let (live_smsc, drill_smsc) = (centre("live").await?, centre("drill").await?);
        let ports = [live_smsc.address().port(), drill_smsc.address().port()];
        write_secrets(folder.path())?;
        let text = config(folder.path(), &order, ports);
        let config: Config = toml::from_str(&text)?;
        mingluo_ledger::store::migrate(&config.store.address).await?;
        let region = Region::read(&config)?;
        let chance = StdRng::seed_from_u64(7);
        let store = mingluo_console::app::open_store(&config).await?;
        for mode in [ModeKind::Live, ModeKind::Drill] {
            let keep = KeepOrder { mode, pretend: true, bad_rows: 0, replaces: None };
            let draft = people(&region, &order)?;
            let mut chance = StdRng::seed_from_u64(u64::from(mode.number()) + 1);
            roster::keep(store.as_ref(), &region, &draft, keep, clock.as_ref(), &mut chance, |_| {}).await?;
        }
        let console = Arc::new(Console::start(config, clock.clone(), chance).await?);
        Ok(Self { console, live_smsc, drill_smsc, folder, clock, region: COUNTY.parse()?, config: text })
    }

    /// Stops the house in order and starts it again with the same configuration, whose files may have changed.
    ///
    /// # Errors
    /// Whatever did not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.console.shutdown().await;
        let config: Config = toml::from_str(&self.config)?;
        let console = Console::start(config, self.clock.clone(), StdRng::seed_from_u64(8)).await?;
        self.console = Arc::new(console);
        Ok(())
    }

    /// Real warnings' centre goes away for good.
    ///
    /// # Errors
    /// When its log cannot be written to the end.
    pub async fn lose_live_centre(&mut self) -> anyhow::Result<()> {
        let nobody = Smsc::start(SmscConfig::default(), self.clock.clone()).await?;
        Ok(std::mem::replace(&mut self.live_smsc, nobody).stop().await?)
    }

    /// An officer with these rights; the same seed is the same person.
    pub fn officer(&self, seed: u64, roles: &[Role]) -> Officer {
        let mut chance = StdRng::seed_from_u64(seed);
        let id = OfficerId::new(mingluo_model::clock::Timestamp(0), &mut chance);
        let org =
            mingluo_model::id::OrgId::new(mingluo_model::clock::Timestamp(0), &mut StdRng::seed_from_u64(0));
        let owner = Owner { org, scope: self.region, level: self.region.level() };
        Officer { id, owner, roles: roles.to_vec() }
    }

    /// A draft over the whole county that ends in `life`.
    pub fn order(&self, grade: &str, body: &str, life: Duration) -> DraftOrder {
        DraftOrder {
            hazard: "暴雨".to_owned(),
            grade: grade.to_owned(),
            headline: String::new(),
            body: body.to_owned(),
            instruction: String::new(),
            area: vec![COUNTY.to_owned()],
            groups: Vec::new(),
            channels: vec![ChannelKind::Sms],
            reserve: Vec::new(),
            expires: self.clock.now().plus(life),
            follows: None,
        }
    }

    /// Drafts, submits, approves and releases, each by the person who may.
    ///
    /// # Errors
    /// The rule that refused.
    pub async fn issue<M: Mode>(&self, office: &Office<M>, order: &DraftOrder) -> anyhow::Result<Alert<M>> {
        let author = self.officer(1, &[Role::Author]);
        let alert = office.draft(&author, order).await?;
        let submitted = office.submit(&author, alert.id).await?;
        if submitted.state.word() == "submitted" {
            office.approve(&self.officer(2, &[Role::Approver]), alert.id, alert.content_hash()).await?;
        }
        let people = alert.content.audience.deliveries();
        let releaser = self.officer(3, &[Role::Releaser]);
        Ok(office.release(&releaser, alert.id, alert.content_hash(), people).await?.alert)
    }

    /// Issues a warning that follows an earlier one.
    ///
    /// # Errors
    /// The rule that refused.
    pub async fn follow(&self, grade: &str, body: &str, follow: Follow) -> anyhow::Result<Alert<Live>> {
        let order = DraftOrder { follows: Some(follow), ..self.order(grade, body, Duration::from_hours(1)) };
        self.issue(&self.console.live, &order).await
    }

    /// Waits until every plan of an alert has nothing left to send or to wait for.
    ///
    /// # Errors
    /// When that takes longer than half a minute; tells how the plans stand.
    pub async fn settled<M: Mode>(
        &self,
        office: &Office<M>,
        alert: AlertId,
    ) -> anyhow::Result<Vec<PlanView>> {
        let closed = |views: &[PlanView]| {
            views.iter().all(|view| view.status == mingluo_model::plan::PlanStatus::Closed)
        };
        self.until(|| Some(office.progress(Some(alert))).filter(|views| closed(views)))
            .await
            .with_context(|| format!("{:?}", office.progress(Some(alert))))
    }

    /// Looks every few milliseconds until `look` finds something.
    ///
    /// # Errors
    /// When half a minute passed.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
        self.until_told(Duration::from_millis(5), async || look()).await
    }

    /// The same where looking takes an answer, once in every `pause`.
    ///
    /// # Errors
    /// When half a minute passed.
    pub async fn until_told<T>(
        &self,
        pause: Duration,
        mut look: impl AsyncFnMut() -> Option<T>,
    ) -> anyhow::Result<T> {
        for _ in 0..Duration::from_secs(30).div_duration_f64(pause) as u32 {
            if let Some(found) = look().await {
                return Ok(found);
            }
            self.clock.sleep(pause).await;
        }
        anyhow::bail!("half a minute passed and it did not come about")
    }

    /// Ends the city and reads what a centre wrote down, in the order of arrival.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn end(self) -> anyhow::Result<Ended> {
        self.console.shutdown().await;
        self.live_smsc.stop().await?;
        self.drill_smsc.stop().await?;
        let read = |name: &str| taken(&self.folder.path().join(format!("{name}.log")));
        Ok(Ended { live: read("live")?, drill: read("drill")? })
    }

    /// The bytes of the database's files while they are open: later the store tidies them away in its own time.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn database_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("city.db")) {
                bytes.extend(std::fs::read(path)?);
            }
        }
        Ok(bytes)
    }

    /// The folder of this city's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What is left of a city.
pub struct Ended {
    /// Parts that real warnings' centre took, in the order of arrival.
    pub live: Vec<Arrived>,
    /// Parts that drills' centre took.
    pub drill: Vec<Arrived>,
}

fn taken(log: &Path) -> anyhow::Result<Vec<Arrived>> {
    let mut taken = Vec::new();
    Tail::new(log).read(|record| {
        if let Record::Arrived(arrived) = record
            && arrived.verdict == Verdict::Taken
        {
            taken.push(arrived);
        }
    })?;
    Ok(taken)
}

/// The number of the recipient with this ordinal in the file, as a centre sees it, where all are in one network.
pub fn number(index: u32) -> u64 {
    number_in(&[FIRST_NUMBER], index)
}

/// The same, where recipients are in several networks in turn.
pub fn number_in(networks: &[u64], index: u32) -> u64 {
    let turns = networks.len() as u32;
    networks[(index % turns) as usize] + u64::from(index / turns)
}

/// The mailbox of the recipient with this ordinal in the file.
pub fn mailbox(index: u32) -> String {
    format!("p{index}@ok.example")
}

/// The open id of the recipient with this ordinal in the file.
pub fn openid(index: u32) -> String {
    format!("oPretend{index:06}")
}

/// The `UserID` of the recipient with this ordinal in the file.
pub fn userid(index: u32) -> String {
    format!("pretend{index:04}")
}

fn people(region: &Region, order: &CityOrder) -> anyhow::Result<mingluo_targeting::edition::EditionDraft> {
    let county: RegionCode = COUNTY.parse()?;
    let villages: Vec<RegionCode> = region
        .gazetteer
        .inside(county, mingluo_model::region::Level::Village)
        .map(|division| division.code)
        .collect();
    let mut builder = EditionBuilder::default();
    for index in 0..order.recipients {
        let mut recipient = Recipient::new(villages[index as usize % villages.len()]);
        recipient.sms =
            Some(mingluo_model::address::Address::new(format!("+86{}", number_in(&order.networks, index))));
        recipient.wechat = order.wechat.then(|| mingluo_model::address::Address::new(openid(index)));
        recipient.email = order.mail.then(|| mingluo_model::address::Address::new(mailbox(index)));
        recipient.wecom = order.wecom.then(|| mingluo_model::address::Address::new(userid(index)));
        builder.push(&recipient)?;
    }
    for person in &order.persons {
        builder.push(person)?;
    }
    for (name, village) in order.robots.iter().zip(villages.iter().cycle()) {
        let robot = Some(mingluo_model::address::Address::new(name));
        builder.push(&Recipient { robot, ..Recipient::new(*village) })?;
    }
    Ok(builder.finish())
}

fn write_secrets(folder: &Path) -> anyhow::Result<()> {
    std::fs::write(folder.join("keys"), Vault::generate(&mut StdRng::seed_from_u64(3)))?;
    std::fs::write(folder.join("password"), "secret\n")?;
    Ok(std::fs::write(folder.join("signer.key"), [7; 32])?)
}

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun")
}

fn config(folder: &Path, order: &CityOrder, ports: [u16; 2]) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    let database = order.database.clone().unwrap_or_else(|| format!("sqlite:{}", at("city.db")));
    let rule =
        |people: u8| format!("{{ people = {people}, hold_ms = {}, longest_hours = 24 }}", order.hold_ms);
    let account = |mode: &str, port: u16| {
        format!(
            "[[{mode}.sms]]\nname = \"{mode}-sms\"\npretend = true\nhost = \"127.0.0.1\"\nport = {port}\n\
             system_id = \"{mode}\"\npassword_file = {:?}\nsource_address = \"10690001\"\nsessions = 1\n\
             window = {}\nper_second = {}\nsignature = {{ placement = \"in_front\", text = \"抚顺应急\" }}\n",
            at("password"),
            order.window,
            order.licence,
        )
    };
    format!(
        "[node]\nname = \"story\"\ntime_zone = \"Asia/Shanghai\"\n\
         [store]\naddress = {database:?}\nkeys_file = {:?}\n\
         [console]\nlisten = \"127.0.0.1:0\"\n[region]\npack = {:?}\n\
         [policy]\nblue = {}\nyellow = {}\norange = {}\nred = {}\n\
         [dispatch]\nreceipts_within_s = {}\nclose_after_s = 0\nsweep_ms = 50\n{}\n\
         [signer]\nsocket = {:?}\nkey_file = {:?}\nkey_id = \"story-1\"\n\
         [render]\nissuer = \"抚顺市应急管理局\"\ncap_sender = \"pretend.invalid\"\nplatform = \"42104000000000103010101\"\n{}\n\
         {}{}{}",
        at("keys"),
        order.pack.clone().unwrap_or_else(pack).display().to_string(),
        rule(2),
        rule(2),
        rule(3),
        rule(3),
        order.receipts_within_s,
        order.dispatch,
        at("signer.sock"),
        at("signer.key"),
        order.render,
        account("live", ports[0]),
        account("drill", ports[1]),
        order.more,
    )
}
