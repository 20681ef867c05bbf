//! All wiring: the configuration becomes a store, channels, engines, offices and listeners. The only place that names
//! every part of the house.

mod outward;

use self::outward::{Outward, channels};
use crate::{
    call::Calling,
    config::{Config, ConfigError, read_text},
    desk::SocketDesk,
    examine::{Examined, examine},
    fleet::Fleet,
    forward::{Forwarder, Standing},
    inquiry::Teller,
    mail_back,
    office::{Office, Parts as OfficeParts},
    region::Region,
    render::{Broadcaster, Numbers, Renderer, WeChatTemplate},
    routing::Routing,
    signer::SocketSigner,
    speech::{Speech, StoredClips},
    webhook,
};
use mingluo_channels::{
    email::EmailDoor,
    forward::{ForwardConfig, Platform},
    sms::cloud::CloudCallback,
    speaker::{
        SpeakerConfig, SpeakerHub,
        clips::{self, ClipPage},
        enrol::{self, Enrolment},
        keyring, listener,
        pages::Pages,
        renewal,
        revocation::{self, Gatekeeper},
    },
    webhook::WebhookTarget,
    wechat::Callback,
    wecom,
};
use mingluo_dispatch::{
    Engine,
    engine::{self, Parts},
    roster::{CarrierOf, EditionMap, ReadIndex},
    routes::Routes,
    tally::Districts,
};
use mingluo_ledger::{Store, vault::Vault};
use mingluo_model::{
    audience::ChannelKind,
    channel::Channel,
    clock::SharedClock,
    mode::{Drill, Live, Mode, ModeKind},
    plan::AccountName,
    region::Level,
    signer::Signer,
    template::Template,
};
use mingluo_targeting::{carriers::NumberPlan, edition::EditionIndex};
use rand::{SeedableRng, rngs::StdRng};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A running city: what the doors (API, pages, callbacks) work on.
pub struct City {
    /// The durable truth.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: SharedClock,
    /// Real warnings.
    pub live: Arc<Office<Live>>,
    /// Drills.
    pub drill: Arc<Office<Drill>>,
    /// WeChat callbacks by account.
    pub callbacks: BTreeMap<AccountName, (ModeKind, Arc<Callback>)>,
    /// WeCom callbacks by account.
    pub wecom_callbacks: BTreeMap<AccountName, (ModeKind, Arc<wecom::Callback>)>,
    /// Pushes of SMS providers by account.
    pub sms_callbacks: BTreeMap<AccountName, (ModeKind, Arc<CloudCallback>)>,
    /// The way back of mails by account.
    pub mail_doors: BTreeMap<AccountName, (ModeKind, Arc<EmailDoor>)>,
    /// Where returned mail is heard, by account.
    pub returned_mail: BTreeMap<AccountName, SocketAddr>,
    /// The address below which the public feed stands; `None` without one.
    pub feed: Option<String>,
    /// Who signs for this city.
    pub signer: Arc<dyn Signer>,
    /// The speakers' hubs that have a listener.
    pub hubs: Vec<Arc<SpeakerHub>>,
    /// How responsible persons are called; `None` where nobody is.
    pub calling: Option<Arc<Calling>>,
    /// Tells followers who ask what is in force; `None` where there is no service account.
    pub teller: Option<Arc<Teller>>,
    /// How the forwarding of receipts stands.
    pub forwards: Arc<Standing>,
    pub(crate) stop: CancellationToken,
    /// What hands receipts on, hears returned mail, keeps what boxes said and platforms pushed, and calls responsible persons; it
    /// ends when it is stopped.
    forwarding: TaskTracker,
}

/// The village boxes of one mode.
struct Speakers {
    hub: Arc<SpeakerHub>,
    config: SpeakerConfig,
    tls: Arc<rustls::ServerConfig>,
    keeper: Gatekeeper,
    enrolment: Option<Enrolment>,
}

impl City {
    /// Builds and starts everything that the configuration names.
    ///
    /// # Errors
    /// What [`examine`] refuses, all at once; what cannot be opened or recovered.
    pub async fn start(config: Config, clock: SharedClock, chance: StdRng) -> anyhow::Result<Self> {
        // The configuration is large, and whoever waits for this should not carry it.
        Box::pin(Self::begin(config, clock, chance)).await
    }

    async fn begin(config: Config, clock: SharedClock, mut chance: StdRng) -> anyhow::Result<Self> {
        let Examined { region, routing, calling } = examine(&config)?;
        let store = open_store(&config).await?;
        let stop = CancellationToken::new();
        let signer = signer(&config, &clock);
        let mut live = channels::<Live>(&config.live, &clock, &signer);
        let mut drill = channels::<Drill>(&config.drill, &clock, &signer);
        register(store.as_ref(), &live, &drill).await?;
        let callbacks = both(&live.callbacks, &drill.callbacks);
        let wecom_callbacks = both(&live.wecom_callbacks, &drill.wecom_callbacks);
        let sms_callbacks = both(&live.sms_callbacks, &drill.sms_callbacks);
        let mail_doors = both(&live.mail_doors, &drill.mail_doors);
        let speakers = [(&mut live.speakers, ModeKind::Live), (&mut drill.speakers, ModeKind::Drill)];
        let hubs = listen_to(speakers, &pages(&store), &clock, &stop).await?;
        let custom_service = live.custom_service.take();
        let forwarder = forwarder(config.forward.as_ref(), &store, &clock).await?;
        let speech = speech(&config, &store, &clock)?;
        let Routing { live: live_routes, drill: drill_routes, numbers } = routing;
        let carrier_of = carrier_of(numbers);
        let house = House { config: &config, region: &region, store: &store, speech, calling, clock: &clock };
        let routed = (live_routes, Arc::clone(&carrier_of));
        let live = Box::pin(office(&house, live, routed, &mut chance)).await?;
        let drill = Box::pin(office(&house, drill, (drill_routes, carrier_of), &mut chance)).await?;
        let teller =
            custom_service.map(|(account, service)| Teller::new(account, service, &live, stop.clone()));
        let calling = house.calling;
        let forwards = forwarder.as_ref().map(Forwarder::standing).unwrap_or_default();
        let forwarding = TaskTracker::new();
        let returned_mail = hear_bounces(&mail_doors, (&live, &drill), &clock, &stop, &forwarding).await?;
        if let Some(forwarder) = forwarder {
            forwarding.spawn(forwarder.run(Arc::clone(live.engine().roster()), stop.clone()));
        }
        tell_webhooks(&config, (&live, &drill), &mut chance, &stop, &forwarding).await?;
        look_after(&live, &stop, &forwarding);
        look_after(&drill, &stop, &forwarding);
        forwarding.close();
        Ok(Self {
            store,
            clock,
            live,
            drill,
            callbacks,
            wecom_callbacks,
            sms_callbacks,
            mail_doors,
            returned_mail,
            feed: config.feed.map(|feed| feed.url),
            signer,
            hubs,
            calling,
            teller,
            forwards,
            stop,
            forwarding,
        })
    }

    /// Runs something to its end, whatever becomes of who began it; a stop waits for it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.forwarding.spawn(work)
    }

    /// Stops sending, drains, closes the sessions. Both modes at once: a drill neither goes on meanwhile nor doubles the
    /// time that a stop may take.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        tokio::join!(self.live.finish(), self.drill.finish());
        tokio::join!(self.live.engine().shutdown(), self.drill.engine().shutdown());
        self.forwarding.wait().await;
        if let Some(teller) = &self.teller {
            teller.finish().await;
        }
    }
}

/// Builds every account without connecting to anything; gives the keys that cannot be used.
pub(crate) fn wrong_accounts(config: &Config) -> Vec<ConfigError> {
    let clock: SharedClock = mingluo_model::clock::system::SystemClock::shared();
    let signer = signer(config, &clock);
    let live = channels::<Live>(&config.live, &clock, &signer).wrong;
    live.into_iter().chain(channels::<Drill>(&config.drill, &clock, &signer).wrong).collect()
}

/// The SMS accounts of a mode, each as it would send; connects to nothing.
pub(crate) fn sms_channels<M: Mode>(config: &Config, clock: &SharedClock) -> Vec<Arc<dyn Channel<M>>> {
    let mut all = channels::<M>(config.accounts(M::KIND), clock, &signer(config, clock)).channels;
    all.retain(|channel| channel.kind() == ChannelKind::Sms);
    all
}

/// The key of the forwarding that cannot be used, if any.
pub(crate) fn wrong_forward(config: &Config) -> Option<ConfigError> {
    let clock: SharedClock = mingluo_model::clock::system::SystemClock::shared();
    platform(config.forward.as_ref()?, &clock).err()
}

fn platform(forward: &ForwardConfig, clock: &SharedClock) -> Result<Platform, ConfigError> {
    let wrong = |source| ConfigError::Account { table: "forward".to_owned(), source };
    forward.build(clock.clone()).map_err(wrong)
}

/// Who is told of warnings by webhook; connects to nothing.
pub(crate) fn webhook_targets(
    config: &Config,
    clock: &SharedClock,
) -> Result<Vec<WebhookTarget>, ConfigError> {
    let wrong = |source| ConfigError::Account { table: "webhook".to_owned(), source };
    config.webhook.iter().map(|target| target.build(clock.clone()).map_err(wrong)).collect()
}

/// Begins to tell those who subscribed.
async fn tell_webhooks(
    config: &Config,
    (live, drill): (&Arc<Office<Live>>, &Arc<Office<Drill>>),
    chance: &mut StdRng,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> anyhow::Result<()> {
    let desk = webhook::Desk {
        store: Arc::clone(&live.store),
        clock: live.clock.clone(),
        feed: config.feed.as_ref().map(|feed| feed.url.clone()),
        live: Arc::clone(live),
        drill: Arc::clone(drill),
    };
    let targets = webhook_targets(config, &live.clock)?;
    Ok(webhook::start(desk, targets, chance, stop, tasks).await?)
}

/// Before the lease of live dispatch is taken, see [`Forwarder::open`].
async fn forwarder(
    forward: Option<&ForwardConfig>,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
) -> anyhow::Result<Option<Forwarder>> {
    let Some(forward) = forward else { return Ok(None) };
    Ok(Some(Forwarder::open(platform(forward, clock)?, Arc::clone(store), clock.clone()).await?))
}

/// What hangs on the accounts of both modes; no account is in both.
fn both<T>(
    live: &BTreeMap<AccountName, Arc<T>>,
    drill: &BTreeMap<AccountName, Arc<T>>,
) -> BTreeMap<AccountName, (ModeKind, Arc<T>)> {
    let of = |kind, ones: &BTreeMap<AccountName, Arc<T>>| {
        ones.iter().map(move |(name, one)| (name.clone(), (kind, Arc::clone(one)))).collect::<Vec<_>>()
    };
    of(ModeKind::Live, live).into_iter().chain(of(ModeKind::Drill, drill)).collect()
}

/// The client of this city's signing process.
pub(crate) fn signer(config: &Config, clock: &SharedClock) -> Arc<dyn Signer> {
    Arc::new(SocketSigner::new(config.signer.socket.clone(), clock.clone()))
}

/// Who speaks for this city, if anybody does.
pub(crate) fn speech(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
) -> Result<Option<Speech>, ConfigError> {
    let Some(speech) = &config.speech else { return Ok(None) };
    Ok(Some(Speech::new(speech.ladder(clock)?, Arc::clone(store), clock.clone())))
}

/// Opens the store with its vault.
///
/// # Errors
/// [`ConfigError`]: a key file that cannot be read, a store that cannot be opened.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, ConfigError> {
    let file = &config.store.keys_file;
    let keys = read_text("store.keys_file", file)?;
    let vault = Vault::read(&file.display().to_string(), &keys)?;
    mingluo_ledger::open(&config.store.address, Arc::new(vault))
        .await
        .map_err(|source| config.no_store(source))
}

async fn register(store: &dyn Store, live: &Outward<Live>, drill: &Outward<Drill>) -> anyhow::Result<()> {
    let of_live = live.channels.iter().map(|channel| (channel.account().clone(), ModeKind::Live));
    let of_drill = drill.channels.iter().map(|channel| (channel.account().clone(), ModeKind::Drill));
    let accounts: Vec<_> = of_live.chain(of_drill).collect();
    Ok(store.register_accounts(&accounts).await?)
}

/// Opens the doors by which mail comes back, and gives where they are, by account.
async fn hear_bounces(
    doors: &BTreeMap<AccountName, (ModeKind, Arc<EmailDoor>)>,
    (live, drill): (&Arc<Office<Live>>, &Arc<Office<Drill>>),
    clock: &SharedClock,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> anyhow::Result<BTreeMap<AccountName, SocketAddr>> {
    let mut heard_at = BTreeMap::new();
    for (account, (mode, door)) in doors {
        let at = match mode {
            ModeKind::Live => mail_back::hear(live, door, clock, stop, tasks).await?,
            ModeKind::Drill => mail_back::hear(drill, door, clock, stop, tasks).await?,
        };
        heard_at.extend(at.map(|address| (account.clone(), address)));
    }
    Ok(heard_at)
}

/// What village boxes can ask for at their door.
fn pages(store: &Arc<dyn Store>) -> Pages {
    let clips = Arc::new(StoredClips::new(Arc::clone(store)));
    Pages::default().with(clips::PLACE, Arc::new(ClipPage::new(clips)))
}

/// Opens the doors of the modes that have village boxes, and gives their hubs.
async fn listen_to(
    speakers: [(&mut Option<Speakers>, ModeKind); 2],
    pages: &Pages,
    clock: &SharedClock,
    stop: &CancellationToken,
) -> Result<Vec<Arc<SpeakerHub>>, ConfigError> {
    let mut hubs = Vec::new();
    for (speakers, mode) in speakers {
        let Some(speakers) = speakers else { continue };
        listen(speakers, mode, pages.clone(), clock, stop).await?;
        hubs.push(Arc::clone(&speakers.hub));
    }
    Ok(hubs)
}

/// What goes on in an office besides what officers do: boxes are heard of, responsible persons are called.
fn look_after<M: Mode>(office: &Arc<Office<M>>, stop: &CancellationToken, tasks: &TaskTracker) {
    if let Ok(fleet) = office.fleet() {
        tasks.spawn(Arc::clone(fleet).run(stop.clone()));
    }
    if office.calling.is_some() {
        tasks.spawn(Arc::clone(office).call_until(stop.clone()));
    }
}

/// Opens the door for village boxes, and the one for those that have no certificate yet.
async fn listen(
    speakers: &mut Speakers,
    mode: ModeKind,
    pages: Pages,
    clock: &SharedClock,
    stop: &CancellationToken,
) -> Result<(), ConfigError> {
    let address = speakers.config.listen;
    let field = format!("{}.speaker.listen", mode.word());
    let listener = listener::bind(address).map_err(|cause| ConfigError::port(field, address, &cause))?;
    let tls = Arc::clone(&speakers.tls);
    let (hub, clock, stop) = (Arc::clone(&speakers.hub), clock.clone(), stop.clone());
    if let Some(file) = speakers.config.key_set_file.clone() {
        tokio::spawn(keyring::follow(Arc::clone(&hub), file, clock.clone(), stop.clone()));
    }
    let (files, keeper) = (speakers.config.tls.clone(), speakers.keeper.clone());
    tokio::spawn(revocation::follow(Arc::clone(&hub), files, keeper, clock.clone(), stop.clone()));
    let desk = speakers.config.desk_socket.clone();
    let desk = desk.map(|socket| Arc::new(SocketDesk::new(socket, clock.clone())));
    if let Some(desk) = &desk {
        tokio::spawn(renewal::serve(Arc::clone(&hub), Arc::<SocketDesk>::clone(desk), stop.clone()));
    }
    if let (Some(enrolment), Some(desk)) = (speakers.enrolment.take(), desk) {
        let address = enrolment.listen();
        let field = format!("{}.speaker.enrol.listen", mode.word());
        let strangers =
            TcpListener::bind(address).await.map_err(|cause| ConfigError::port(field, address, &cause))?;
        tokio::spawn(enrol::serve(enrolment, desk, strangers, clock.clone(), stop.clone()));
    }
    tokio::spawn(async move { listener::serve(hub, listener, tls, pages, clock, stop).await });
    Ok(())
}

/// What the offices of both modes share.
struct House<'a> {
    config: &'a Config,
    region: &'a Region,
    store: &'a Arc<dyn Store>,
    speech: Option<Speech>,
    calling: Option<Arc<Calling>>,
    clock: &'a SharedClock,
}

async fn office<M: Mode>(
    house: &House<'_>,
    outward: Outward<M>,
    (routes, carrier_of): (Routes, CarrierOf),
    chance: &mut StdRng,
) -> anyhow::Result<Arc<Office<M>>> {
    let House { config, region, store, speech, calling, clock } = house;
    let lease =
        engine::take_lease::<M>(store.as_ref(), &config.node.name, &config.dispatch, clock, chance).await?;
    let numbers = match &outward.speakers {
        Some(_) => Some(Numbers::resume::<M>(store.as_ref()).await?),
        None => None,
    };
    let renderer = renderer(config, region, &outward, numbers, clock)?;
    let fleet = match &outward.speakers {
        Some(speakers) => {
            let (store, hub) = (Arc::clone(store), Arc::clone(&speakers.hub));
            Some(Fleet::open(M::KIND, store, hub, SharedClock::clone(clock)).await?)
        }
        None => None,
    };
    let engine = Engine::start(Parts {
        store: Arc::clone(store),
        lease,
        clock: SharedClock::clone(clock),
        chance: StdRng::from_rng(chance),
        channels: outward.channels,
        read_index: read_index(),
        routes,
        carrier_of,
        config: config.dispatch.clone(),
    })
    .await?;
    Ok(Arc::new(Office::new(OfficeParts {
        store: Arc::clone(store),
        engine,
        gazetteer: Arc::clone(&region.gazetteer),
        groups: Arc::clone(&region.groups),
        policy: config.policy.clone(),
        renderer,
        fleet,
        speech: speech.clone(),
        calling: calling.clone(),
        clock: SharedClock::clone(clock),
        chance: StdRng::from_rng(chance),
    })))
}

fn renderer<M: Mode>(
    config: &Config,
    region: &Region,
    outward: &Outward<M>,
    numbers: Option<Numbers>,
    clock: &SharedClock,
) -> Result<Renderer, ConfigError> {
    let render = &config.render;
    let platform = render.platform()?;
    let wechat = render.wechat.as_ref().map(|template| WeChatTemplate {
        id: template.id.clone(),
        fields: template.fields.iter().map(|(name, words)| (name.clone(), Template::new(words))).collect(),
    });
    Ok(Renderer {
        issuer: render.issuer.clone(),
        zone: config.zone()?,
        hazards: region.hazards.clone(),
        sms: Template::new(&render.sms),
        wechat,
        mass: outward.mass.clone(),
        broadcaster: outward.speakers.as_ref().zip(numbers).map(|(speakers, numbers)| {
            let hub = Arc::clone(&speakers.hub);
            Broadcaster::new(signer(config, clock), platform, numbers)
                .for_boxes_that_believe(Arc::new(move || hub.believed()))
        }),
        pretend: outward.pretend.clone(),
        sms_forms: outward.sms_forms.clone(),
        cap_sender: render.cap_sender.clone(),
    })
}

/// Targeting's numbers as dispatch wants to ask them.
fn carrier_of(numbers: Option<Arc<NumberPlan>>) -> CarrierOf {
    Arc::new(move |number| numbers.as_ref()?.carrier(number))
}

/// Targeting's index as dispatch wants to see it.
fn read_index() -> ReadIndex {
    Arc::new(|bytes| {
        let index = EditionIndex::from_bytes(bytes).map_err(|error| error.to_string())?;
        let townships = index.divisions(Level::Township).map(|(code, range)| (range.start, code)).collect();
        let by_channel = mingluo_model::audience::ChannelKind::ALL
            .into_iter()
            .filter_map(|channel| Some((channel, index.on_channel(channel)?.clone())))
            .collect();
        let districts = Arc::new(Districts::new(townships));
        Ok(EditionMap { districts, by_channel, ..EditionMap::default() })
    })
}
