//! From an empty directory to a city that runs: roster, simulators, configuration, officers, import, signer, mingluo.

use super::{
    api::Door,
    city::{City, Officers, Plan, free_port, listening},
    far::{self, Entrance, FarSide, Scene, Simulator, log_file},
    kill::Ears,
    options::{Engine, Victim},
    play::House,
    postgres::PrivatePostgres,
    program::Program,
    send::{Sending, Sent},
    stage::Stage,
    voice::grouped,
    watch::label,
};
use crate::residents::{Census, Person};
use anyhow::{Context, ensure};
use mingluo_model::audience::ChannelKind;
use std::{
    fs::File,
    io::{BufWriter, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// People elsewhere in the city, who must not hear anything.
const BYSTANDERS: u64 = 500;

/// The far sides of a rehearsal.
pub(super) type Sides = Arc<Vec<Box<dyn FarSide>>>;

/// A city, as far as it was opened; what runs is ended by [`Opened::close`].
pub(super) struct Opened {
    stage: Arc<Stage>,
    sides: Sides,
    /// Where the console is, once there is one.
    pub(super) console: SocketAddr,
    village: SocketAddr,
    receipts: SocketAddr,
    /// Login and password of each officer.
    pub(super) sign_ins: Vec<(String, String)>,
    city: Option<Program>,
    others: Vec<Program>,
    smsc: Option<Smsc>,
    postgres: Option<PrivatePostgres>,
}

/// The pretend SMS centre, which may be killed and started again.
struct Smsc {
    program: Option<Program>,
    binary: PathBuf,
    /// The command line with which it comes back at the same address.
    args: Vec<String>,
    said: PathBuf,
}

/// How an officer signs in at the console.
pub(super) fn sign_in(login: &str, password: &str) -> String {
    format!("登录 sign in: {login}  口令 password: {password}")
}

impl Opened {
    /// An empty directory, and the far sides that will be there. Further tries are kept beside the first.
    pub(super) fn empty(house: &House<'_>, nth: u32) -> anyhow::Result<Self> {
        let keep = house.options.keep.as_ref();
        let keep = keep.map(|keep| if nth == 1 { keep.clone() } else { keep.join(format!("try-{nth}")) });
        let sides = far::all(&house.options.channels, house.options.carriers, house.programs);
        ensure!(
            !sides.is_empty(),
            "{}: no simulator is there; build them or give --bin-dir",
            house.programs.display()
        );
        Ok(Self {
            stage: Arc::new(Stage::set(keep.as_deref())?),
            sides: Arc::new(sides),
            console: free_port()?,
            village: free_port()?,
            receipts: free_port()?,
            sign_ins: Vec::new(),
            city: None,
            others: Vec::new(),
            smsc: None,
            postgres: None,
        })
    }

    /// Opens the city, sends the warning, and reckons.
    pub(super) async fn play(&mut self, house: &House<'_>, licence: u32) -> anyhow::Result<Sent> {
        let (stage, sides) = (Arc::clone(&self.stage), Arc::clone(&self.sides));
        let mingluo = house.programs.join("mingluo");
        let logs_all = house.options.search_logs;
        let city = City { stage: Arc::clone(&stage), mingluo, logs_all, clock: Arc::clone(house.clock) };
        let (roster, boxes) = self.people(house)?;
        let mut scene = self.scene(house, licence);
        let addresses = self.enter(house, Entrance::Before, &scene).await?;
        house.voice.step(
            "配置、建库、设值班员、导入名册",
            "configuring, migrating, adding officers, importing the roster",
        );
        let store = self.store(house).await?;
        let plan =
            Plan { store: &store, pack: &house.pack_folder, receipts_within_s: house.receipts_within_s() };
        let accounts: Vec<_> = sides.iter().map(AsRef::as_ref).zip(addresses).collect();
        city.configure(&plan, &scene, &accounts)?;
        let officers = self.found(house, &city, &roster).await?;
        let (signer, public_key) = city.signer().await?;
        self.others.push(signer);
        scene.public_key = public_key;
        sides.iter().try_for_each(|side| side.prepare(&scene, &boxes))?;
        house.voice.step("启动 mingluo", "starting mingluo");
        let door = self.serve(&city).await?;
        house.voice.note(format_args!("http://{}", self.console));
        if !house.options.once {
            self.sign_ins.iter().for_each(|(login, password)| house.voice.note(sign_in(login, password)));
        }
        self.enter(house, Entrance::After, &scene).await?;
        let ears: Ears = sides.iter().map(|side| (side.kind(), side.ears(&stage))).collect();
        Sending { house, city: &city, sides: &sides, officers: &officers, licence, door, ears }
            .send(self)
            .await
    }

    fn scene(&self, house: &House<'_>, licence: u32) -> Scene {
        Scene {
            stage: Arc::clone(&self.stage),
            seed: house.options.seed,
            plant: house.options.plant,
            smsc_faults: house.options.smsc_faults.as_ref().map(|knobs| knobs.0.clone()).unwrap_or_default(),
            licence,
            killed: house.options.kill_after.map(|_| house.options.kill),
            console: self.console,
            village: self.village,
            receipts: self.receipts,
            public_key: String::new(),
            now: house.clock.now(),
        }
    }

    /// Writes the roster: the area's people, and some from elsewhere. Gives the file and the area's speakers.
    fn people(&self, house: &House<'_>) -> anyhow::Result<(PathBuf, Vec<Person>)> {
        house.voice.step("造虚拟居民和名册", "making pretend residents and their roster");
        let path = self.stage.path("roster.csv");
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        file.write_all(Census::HEADER.as_bytes())?;
        let mut boxes = Vec::new();
        let mut census = Census::default();
        let noted =
            house.people()?.inspect(|person| boxes.extend(person.speaker.is_some().then(|| person.clone())));
        census.write(noted, &mut file)?;
        let elsewhere = house.elsewhere();
        let mut bystanders = Census::default();
        if !elsewhere.is_empty() {
            bystanders.write(house.pack.people(&elsewhere, BYSTANDERS, Some(0))?, &mut file)?;
        }
        file.flush()?;
        house.voice.note(format_args!(
            "区域内 in the area: 手机 phones {}（责任人 duty persons {}），微信 WeChat {}，邮箱 mailboxes {}，大喇叭 speakers {}；\
             区域外不应收到 elsewhere, to hear nothing: {}",
            grouped(census.phones),
            grouped(census.duty),
            grouped(census.followers),
            grouped(census.mailboxes),
            grouped(census.boxes),
            grouped(bystanders.rows)
        ));
        Ok((path, boxes))
    }

    /// Starts the simulators that enter now; gives for each side where it listens.
    async fn enter(
        &mut self,
        house: &House<'_>,
        entrance: Entrance,
        scene: &Scene,
    ) -> anyhow::Result<Vec<Vec<SocketAddr>>> {
        let sides = Arc::clone(&self.sides);
        if sides.iter().any(|side| side.entrance() == entrance) {
            house.voice.step(
                "启动模拟对端：都是假的，不会有人收到",
                "starting the PRETEND far sides; nobody gets anything",
            );
        }
        let mut addresses = Vec::new();
        for side in sides.iter() {
            let enters = side.entrance() == entrance;
            let mut of_side = Vec::new();
            if enters {
                for simulator in side.simulators(scene)? {
                    of_side.extend(self.start(house, side.as_ref(), simulator).await?);
                }
            }
            addresses.push(of_side);
        }
        Ok(addresses)
    }

    async fn start(
        &mut self,
        house: &House<'_>,
        side: &dyn FarSide,
        Simulator { name, mut args }: Simulator,
    ) -> anyhow::Result<Option<SocketAddr>> {
        let log = log_file(&self.stage, &name).display().to_string();
        args.extend(["--log".to_owned(), log]);
        let (binary, said) =
            (house.programs.join(side.binary()), self.stage.path(&format!("{}-{name}.log", side.binary())));
        let field = if side.entrance() == Entrance::Before { "listening" } else { "online" };
        let (program, ready) = Program::start(&binary, &args, &said, field, house.clock).await?;
        house.voice.note(format_args!("{}: {} {name} {ready}", label(side.kind().word()), side.binary()));
        let address = match side.entrance() {
            Entrance::Before => Some(listening(side.kind(), &ready)?),
            Entrance::After => None,
        };
        // With a gateway for each carrier none is killed, and all are merely kept.
        match address.filter(|_| side.kind() == ChannelKind::Sms && self.smsc.is_none()) {
            Some(address) => {
                args.extend(["--listen".to_owned(), address.to_string()]);
                self.smsc = Some(Smsc { program: Some(program), binary, args, said });
            }
            None => self.others.push(program),
        }
        Ok(address)
    }

    /// Where the store is: a file of this run, or a server started for it.
    async fn store(&mut self, house: &House<'_>) -> anyhow::Result<String> {
        match house.options.engine {
            Engine::Sqlite => Ok(format!("sqlite:{}", self.stage.path("mingluo.db").display())),
            Engine::Postgres => {
                let postgres = self.postgres.insert(PrivatePostgres::start(house.root).await?);
                house.voice.note("自带的 PostgreSQL 已启动 / a private PostgreSQL is up");
                Ok(postgres.address().to_owned())
            }
        }
    }

    async fn found(&mut self, house: &House<'_>, city: &City, roster: &Path) -> anyhow::Result<Officers> {
        city.seal()?;
        let officers = city.found().await?;
        self.sign_ins.clone_from(&officers.sign_ins);
        let began = house.clock.ticks();
        let recipients = city.import(roster).await?;
        let took = house.clock.ticks().saturating_sub(began).as_secs_f64();
        house.voice.note(format_args!("名册 roster: {} 人 recipients，{took:.1} s", grouped(recipients)));
        Ok(officers)
    }

    /// Starts the city, or starts it again.
    pub(super) async fn serve(&mut self, city: &City) -> anyhow::Result<Door> {
        let (program, door) = city.serve().await?;
        self.city = Some(program);
        Ok(door)
    }

    /// The city's process.
    pub(super) fn city(&mut self) -> anyhow::Result<&mut Program> {
        self.city.as_mut().context("the city does not run")
    }

    /// Kills a program as a power cut would.
    pub(super) async fn kill(&mut self, victim: Victim) -> anyhow::Result<()> {
        let program = match victim {
            Victim::Mingluo => self.city.take(),
            Victim::Gateway => self.smsc.as_mut().and_then(|smsc| smsc.program.take()),
        };
        program.with_context(|| format!("{} does not run", victim.program()))?.kill().await
    }

    /// Starts the pretend SMS centre again, where it was.
    pub(super) async fn revive_gateway(&mut self, house: &House<'_>) -> anyhow::Result<()> {
        let smsc = self.smsc.as_mut().context("there is no SMS centre")?;
        let (program, _) =
            Program::start(&smsc.binary, &smsc.args, &smsc.said, "listening", house.clock).await?;
        smsc.program = Some(program);
        Ok(())
    }

    /// Ends every program, the city first; the directory that they leave.
    pub(super) async fn close(self) -> Arc<Stage> {
        let smsc = self.smsc.and_then(|smsc| smsc.program);
        for program in self.city.into_iter().chain(smsc).chain(self.others) {
            program.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
        self.stage
    }
}
