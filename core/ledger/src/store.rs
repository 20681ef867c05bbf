//! The one store: verbs on sets, the same on both engines. What each verb promises is said here; how the
//! engines keep it is theirs.

use crate::{
    address::Place,
    audit::{AuditHead, AuditLine, AuditRow},
    chunk::Chunk,
    event::{Event, RawId, RawReceipt},
    postgres, sqlite,
    vault::Vault,
};
use async_trait::async_trait;
use mingluo_model::{
    alert::{Alert, AlertState},
    audience::ChannelKind,
    clock::Timestamp,
    id::{AlertId, EditionId, NodeId, OfficerId, OrgId, PlanId},
    mode::{Mode, ModeKind},
    owner::{Officer, Owner},
    plan::{AccountName, Plan, PlanStatus},
    reply::Reply,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How a store fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error("database {operation}")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// The engine's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("database migration")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Somebody else holds the lease now: stop sending at once.
    #[error("the lease on {resource} is lost (epoch {epoch})")]
    Fenced {
        /// What was leased.
        resource: String,
        /// Our epoch.
        epoch: i64,
    },
    /// The alert was changed by somebody else since it was read.
    #[error("alert {alert} was changed by someone else meanwhile (read at revision {revision})")]
    Conflict {
        /// The alert.
        alert: AlertId,
        /// The revision that was read.
        revision: i64,
    },
    /// A kept blob or value cannot be read: wrong version, checksum or key.
    #[error("{what} cannot be read back: {problem}")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// Why.
        problem: String,
    },
    /// The database was made ready by another version of the program, or never.
    #[error("the database has schema {found}, this program needs {wanted}; {}", schema_advice(*found, *wanted))]
    Schema {
        /// The version found; 0 for none.
        found: i64,
        /// The version needed.
        wanted: i64,
    },
    /// An account's name was used in the other mode before.
    #[error("account {account} was registered as {kept:?} and cannot become {asked:?}; give it another name")]
    AccountMode {
        /// The account.
        account: AccountName,
        /// Its mode in the ledger.
        kept: ModeKind,
        /// The mode asked for.
        asked: ModeKind,
    },
    /// The edition cannot be added to or sealed.
    #[error("edition {edition}: {problem}")]
    Edition {
        /// The edition.
        edition: EditionId,
        /// Why.
        problem: String,
    },
    /// Another edition became the current one after this one was compared with it; nothing was made current.
    #[error(
        "edition {edition}: another one came between and is current now; compare with that one and try again"
    )]
    Overtaken {
        /// The edition that should have become current.
        edition: EditionId,
    },
    /// The database address is wrong.
    #[error("database: {value:?}: {problem}; use sqlite:PATH or postgres://USER@HOST/NAME")]
    Address {
        /// The address with any password hidden.
        value: String,
        /// What is wrong.
        problem: String,
    },
}

fn schema_advice(found: i64, wanted: i64) -> &'static str {
    if found < wanted { "run `mingluo migrate`" } else { "run the program that migrated it, or a newer one" }
}

impl StoreError {
    /// An engine's error while doing something.
    pub(crate) fn database(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { operation, source }
    }

    /// A kept value that cannot be read back.
    pub(crate) fn damaged(what: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Damaged { what, problem: problem.to_string() }
    }

    /// A lost lease.
    pub(crate) fn fenced(lease: &Lease) -> Self {
        Self::Fenced { resource: lease.resource.clone(), epoch: lease.epoch }
    }
}

/// Right to append: one holder per resource at a time; a later holder has a greater epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is leased, for example `dispatch/live`.
    pub resource: String,
    /// The holder's run.
    pub node: NodeId,
    /// Greater than every epoch given before, over all resources; names the holder's stream.
    pub epoch: i64,
    /// The right ends here unless renewed.
    pub until: Timestamp,
}

/// What one group commit appends. All of it or nothing.
#[derive(Debug, Default)]
pub struct Append {
    /// Progress, each with its number in the lease's stream; numbers rise by one over events and raws together.
    pub events: Vec<(i64, Event)>,
    /// Receipts that match nothing yet.
    pub raws: Vec<(i64, RawReceipt)>,
    /// Raw receipts that found their delivery (their receipt is among `events`).
    pub matched: Vec<RawId>,
}

/// A place in the log: the stream (the lease's epoch) and the number in it.
pub type LogPlace = (i64, i64);

/// Receipts in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPage {
    /// Batches of matched receipts, each with its place.
    pub receipts: Vec<(LogPlace, Event)>,
    /// All receipts up to here are among them; go on from here. The place that was asked for at the log's end.
    pub read_to: LogPlace,
}

/// What one decision makes durable at once, with its audit lines. All of it or nothing.
#[derive(Debug, Default)]
pub struct Change {
    /// Alerts to insert or move.
    pub alerts: Vec<AlertWrite>,
    /// New plans.
    pub plans: Vec<StoredPlan>,
    /// Plans to move, with the state they must move from not being checked (a closed plan stays closed).
    pub statuses: Vec<(PlanId, PlanStatus)>,
    /// Who did what, one line each.
    pub audit: Vec<AuditLine>,
}

/// An alert of either mode, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAlert {
    /// Live or drill.
    pub mode: ModeKind,
    /// Counts the writes; the optimistic lock.
    pub revision: i64,
    /// Id, owner, author, creation, content and state, without the mode's type.
    pub id: AlertId,
    /// Whose it is.
    pub owner: Owner,
    /// Who wrote it.
    pub author: OfficerId,
    /// When it was begun.
    pub created: Timestamp,
    /// What is said.
    pub content: mingluo_model::alert::Content,
    /// Where it stands.
    pub state: AlertState,
}

impl StoredAlert {
    /// The alert with its mode as a type, if it is of that mode.
    pub fn typed<M: Mode>(self) -> Option<Alert<M>> {
        (self.mode == M::KIND)
            .then(|| Alert::restore(self.id, self.owner, self.author, self.created, self.content, self.state))
    }
}

/// One alert to write.
#[derive(Debug, Clone)]
pub struct AlertWrite {
    /// The alert as it shall stand; `revision` is the one that was read, 0 for a new one.
    pub alert: StoredAlert,
}

impl AlertWrite {
    /// Writes this alert over the revision that was read (0 inserts it).
    pub fn new<M: Mode>(alert: &Alert<M>, read_revision: i64) -> Self {
        Self {
            alert: StoredAlert {
                mode: M::KIND,
                revision: read_revision,
                id: alert.id,
                owner: alert.owner,
                author: alert.author,
                created: alert.created,
                content: alert.content.clone(),
                state: alert.state.clone(),
            },
        }
    }
}

/// A plan of either mode with its status, as the ledger keeps it. The message and target are kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPlan {
    /// Live or drill.
    pub mode: ModeKind,
    /// Where it stands.
    pub status: PlanStatus,
    /// Everything else, with the mode's type erased to live's; use [`StoredPlan::typed`].
    plan: Plan<mingluo_model::mode::Live>,
}

impl StoredPlan {
    /// Erases the mode's type and keeps it as a value.
    pub fn new<M: Mode>(plan: &Plan<M>, status: PlanStatus) -> Self {
        Self { mode: M::KIND, status, plan: retyped(plan) }
    }

    /// The plan with its mode as a type, if it is of that mode.
    pub fn typed<M: Mode>(&self) -> Option<Plan<M>> {
        (self.mode == M::KIND).then(|| retyped(&self.plan))
    }

    /// The fields that do not depend on the mode, for the engines.
    pub fn fields(&self) -> &Plan<mingluo_model::mode::Live> {
        &self.plan
    }

    /// Puts a plan together from kept fields.
    pub(crate) const fn restore(
        mode: ModeKind,
        status: PlanStatus,
        plan: Plan<mingluo_model::mode::Live>,
    ) -> Self {
        Self { mode, status, plan }
    }
}

fn retyped<A: Mode, B: Mode>(plan: &Plan<A>) -> Plan<B> {
    Plan {
        id: plan.id,
        alert: plan.alert,
        channel: plan.channel,
        account: plan.account.clone(),
        message: mingluo_model::message::Message::new(
            plan.message.alert,
            plan.message.language.clone(),
            plan.message.body.clone(),
        )
        .with_words(plan.message.words.clone()),
        target: plan.target.clone(),
        priority: plan.priority,
        not_before: plan.not_before,
        not_after: plan.not_after,
        cause: plan.cause,
    }
}

/// What is known of an edition without its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionHead {
    /// Its id.
    pub id: EditionId,
    /// Live or drill: a drill never reads a live roster.
    pub mode: ModeKind,
    /// Whose roster it is.
    pub owner: Owner,
    /// Recipients.
    pub recipients: u32,
    /// The index (`targeting`'s bytes; opaque here): regions, groups and channels as ranges and bitmaps.
    pub index: Vec<u8>,
    /// When it was built.
    pub built_at: Timestamp,
    /// Whether every address in it is made up. Such an edition may only be sent to pretend accounts.
    pub pretend: bool,
}

/// 4,096 recipients of an edition: address columns by channel, each `u8 length + bytes` per recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionBlock {
    /// Number of the block, from 0.
    pub block_no: u32,
    /// Ordinal of its first recipient.
    pub first_ordinal: u32,
    /// Recipients in it.
    pub recipients: u32,
    /// Smallest village number in it.
    pub region_min: u64,
    /// Greatest village number in it.
    pub region_max: u64,
    /// Plain address columns; sealed by the vault before they are kept.
    pub columns: BTreeMap<ChannelKind, Vec<u8>>,
}

/// An officer with what is needed to sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct OfficerRow {
    /// Id, owner and rights.
    pub officer: Officer,
    /// The sign-in name, unique.
    pub login: String,
    /// The name on pages.
    pub name: String,
    /// Argon2 hash in PHC form.
    pub password_hash: String,
    /// Whether the officer may sign in.
    pub enabled: bool,
}

impl std::fmt::Debug for OfficerRow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "OfficerRow({})", self.login)
    }
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgRow {
    /// Its id.
    pub id: OrgId,
    /// Its name, as it stands in headlines.
    pub name: String,
    /// Its scope and level.
    pub owner: Owner,
}

/// A key for the API: works as its officer, never around policy. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// Whose rights it has.
    pub officer: OfficerId,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
}

/// What a resident wrote, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// Rises with the order in which they were kept.
    pub id: i64,
    /// The account it came in on.
    pub account: AccountName,
    /// What was written.
    pub reply: Reply,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie.
    pub token_hash: [u8; 32],
    /// Who.
    pub officer: OfficerId,
    /// Until when.
    pub expires: Timestamp,
}

/// So many warnings that came back as unknown take a mailbox off. One may be a relay's mistake; who goes on sending to mailboxes
/// that do not exist is taken for a sender of advertisements, and the mails of all others are lost.
pub const STRIKES: i32 = 2;

/// The durable truth. Every verb works on sets and answers only when what it did is on disk.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The engine's name for tables and logs: `sqlite` or `postgres`.
    fn engine(&self) -> &'static str;

    /// The vault that seals addresses in this store.
    fn vault(&self) -> &Vault;

    /// Takes the lease on `resource` if it is free, expired, or held under the same node name (a restart of
    /// ourselves, whose port we hold). `None` if somebody else holds it.
    async fn acquire(
        &self,
        resource: &str,
        node_name: &str,
        node: NodeId,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError>;

    /// Extends a lease. [`StoreError::Fenced`] if it is lost.
    async fn renew(&self, lease: &Lease, ttl: Duration, now: Timestamp) -> Result<Lease, StoreError>;

    /// Appends progress in one transaction. [`StoreError::Fenced`] if the lease is lost or over; then nothing was
    /// written.
    async fn append(&self, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError>;

    /// Does what can wait while little is written (SQLite copies its write-ahead log into the file). Never holds
    /// up an append for long.
    async fn tidy(&self) -> Result<(), StoreError>;

    /// The receipts of a mode in the order of the log, among at most `limit` events after a place. Streams of a mode
    /// follow each other; one is left when the next has begun.
    async fn receipts(&self, mode: ModeKind, after: LogPlace, limit: u32) -> Result<ReceiptPage, StoreError>;

    /// How far the receipts of a mode have been handed on. The first time it is asked that is the end of all streams
    /// there are, and is kept as such: to be asked before the lease is taken under which the first ones come.
    async fn receipt_cursor(&self, mode: ModeKind) -> Result<LogPlace, StoreError>;

    /// Keeps how far the receipts of a mode have been handed on; never back.
    async fn move_receipt_cursor(&self, mode: ModeKind, to: LogPlace) -> Result<(), StoreError>;

    /// Makes accounts known before any plan names them. An account is live or drill for good.
    /// [`StoreError::AccountMode`] if one of them was of the other mode; then none is registered.
    async fn register_accounts(&self, accounts: &[(AccountName, ModeKind)]) -> Result<(), StoreError>;

    /// Events of one plan in order, after `(epoch, seq)`, at most `limit`.
    async fn events(
        &self,
        plan: PlanId,
        after: (i64, i64),
        limit: u32,
    ) -> Result<Vec<((i64, i64), Event)>, StoreError>;

    /// Raw receipts that matched nothing yet, received at or after `since`, oldest first.
    async fn unmatched(&self, since: Timestamp) -> Result<Vec<(RawId, RawReceipt)>, StoreError>;

    /// Makes a decision durable in one transaction.
    async fn commit(&self, change: &Change) -> Result<(), StoreError>;

    /// Keeps the fold of a plan and closes it, in one transaction.
    async fn close(&self, plan: PlanId, chunks: &[Chunk]) -> Result<(), StoreError>;

    /// The fold of a closed plan.
    async fn chunks(&self, plan: PlanId) -> Result<Vec<Chunk>, StoreError>;

    /// One alert.
    async fn alert(&self, id: AlertId) -> Result<Option<StoredAlert>, StoreError>;

    /// The latest alerts of a mode, newest first.
    async fn alerts(&self, mode: ModeKind, limit: u32) -> Result<Vec<StoredAlert>, StoreError>;

    /// The plans of an alert, in the order they were made.
    async fn plans(&self, alert: AlertId) -> Result<Vec<StoredPlan>, StoreError>;

    /// One plan.
    async fn plan(&self, id: PlanId) -> Result<Option<StoredPlan>, StoreError>;

    /// Every plan of a mode that is not closed.
    async fn open_plans(&self, mode: ModeKind) -> Result<Vec<StoredPlan>, StoreError>;

    /// Keeps an edition: begins with its head (invisible until sealed), then blocks in batches, then the seal.
    async fn begin_edition(&self, head: &EditionHead) -> Result<(), StoreError>;

    /// Adds blocks to an edition that is not sealed yet, in one transaction.
    async fn add_blocks(&self, edition: EditionId, blocks: &[EditionBlock]) -> Result<(), StoreError>;

    /// Makes a complete edition visible and the current one of its mode, with its audit line. `replaces` is the current
    /// edition that it was compared with: if another is current by now, nothing happens ([`StoreError::Overtaken`]).
    async fn seal_edition(
        &self,
        edition: EditionId,
        replaces: Option<EditionId>,
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// Makes a sealed edition the current one of its mode again in place of `replaces`, with its audit line and as
    /// sealing does. Nothing else changes: what was drafted over another edition stays bound to that.
    async fn restore_edition(
        &self,
        edition: EditionId,
        replaces: Option<EditionId>,
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// The edition over which new warnings are drafted: the one sealed last, unless an earlier one was restored.
    async fn current_edition(&self, mode: ModeKind) -> Result<Option<EditionHead>, StoreError>;

    /// The sealed editions of a mode, newest first.
    async fn editions(&self, mode: ModeKind, limit: u32) -> Result<Vec<EditionHead>, StoreError>;

    /// A sealed edition's head.
    async fn edition(&self, id: EditionId) -> Result<Option<EditionHead>, StoreError>;

    /// Blocks `first..=last` of an edition, unsealed, only the column of one channel.
    async fn blocks(
        &self,
        edition: EditionId,
        channel: ChannelKind,
        first: u32,
        last: u32,
    ) -> Result<Vec<EditionBlock>, StoreError>;

    /// Keyed hashes of the addresses that opted out of the messages of a mode.
    async fn opt_outs(&self, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError>;

    /// Takes addresses off (`out`) and on again (`back`), with an audit line that says since when.
    async fn change_opt_outs(
        &self,
        mode: ModeKind,
        out: &[[u8; 16]],
        back: &[[u8; 16]],
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// A warning came back from these mailboxes, given as keyed hashes, since nobody has them. The same plan strikes once.
    async fn strike(
        &self,
        mode: ModeKind,
        plan: PlanId,
        mailboxes: &[[u8; 16]],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Keyed hashes of the mailboxes that [`STRIKES`] warnings came back from. Who asks for messages again is off the list.
    async fn struck_off(&self, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError>;

    /// Keeps what residents wrote to an account, and takes off or on again who wishes it ([`Reply::wish`]).
    async fn keep_replies(
        &self,
        mode: ModeKind,
        account: &AccountName,
        replies: &[Reply],
    ) -> Result<(), StoreError>;

    /// What residents wrote, the latest first, from before the reply `before`.
    async fn replies(
        &self,
        mode: ModeKind,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StoredReply>, StoreError>;

    /// Adds or replaces organisations and officers, with audit lines.
    async fn save_people(
        &self,
        orgs: &[OrgRow],
        officers: &[OfficerRow],
        audit: &[AuditLine],
    ) -> Result<(), StoreError>;

    /// Changes an officer, with the audit line; in the same transaction every browser of this officer is signed out.
    async fn change_officer(&self, officer: &OfficerRow, audit: AuditLine) -> Result<(), StoreError>;

    /// All organisations.
    async fn orgs(&self) -> Result<Vec<OrgRow>, StoreError>;

    /// All officers.
    async fn officers(&self) -> Result<Vec<OfficerRow>, StoreError>;

    /// Adds an API key.
    async fn add_api_key(&self, key: &ApiKeyRow, audit: AuditLine) -> Result<(), StoreError>;

    /// The API key of this hash.
    async fn api_key(&self, key_hash: [u8; 32]) -> Result<Option<ApiKeyRow>, StoreError>;

    /// All API keys, the oldest first.
    async fn api_keys(&self) -> Result<Vec<ApiKeyRow>, StoreError>;

    /// Takes an API key away, with its audit line; `false`, and no line, when there is none of this hash.
    async fn revoke_api_key(&self, key_hash: [u8; 32], audit: AuditLine) -> Result<bool, StoreError>;

    /// Keeps a browser session.
    async fn add_session(&self, session: &SessionRow) -> Result<(), StoreError>;

    /// Moves the end of a session; `false`, and nothing is kept, when it was ended meanwhile.
    async fn move_session(&self, session: &SessionRow) -> Result<bool, StoreError>;

    /// The session of this hash, unless it is over.
    async fn session(&self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<SessionRow>, StoreError>;

    /// Ends a session.
    async fn end_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError>;

    /// Adds audit lines on their own.
    async fn audit(&self, lines: &[AuditLine]) -> Result<(), StoreError>;

    /// Audit rows after a number, at most `limit`, oldest first.
    async fn audit_rows(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError>;

    /// Keeps a signed head of the audit chain.
    async fn add_audit_head(&self, head: &AuditHead) -> Result<(), StoreError>;

    /// The signed heads, oldest first.
    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError>;
}

/// Opens a store by address (`sqlite:PATH` or `postgres://…`), without touching its schema.
///
/// # Errors
/// [`StoreError::Address`] for an address of neither form, [`StoreError::Database`] when it cannot be opened,
/// [`StoreError::Schema`] when it was never migrated, or by another version of the program.
pub async fn open(address: &str, vault: Arc<Vault>) -> Result<Arc<dyn Store>, StoreError> {
    match Place::read(address)? {
        Place::Sqlite(options) => Ok(Arc::new(sqlite::Engine::open(options, vault).await?)),
        Place::Postgres(options) => Ok(Arc::new(postgres::Engine::open(options, vault).await?)),
    }
}

/// Brings the schema up to date; makes a SQLite file that is not there yet. Never goes back.
///
/// # Errors
/// [`StoreError::Address`], [`StoreError::Database`] when it cannot be opened, [`StoreError::Migration`] when a
/// step went wrong or was edited after it had been applied.
pub async fn migrate(address: &str) -> Result<(), StoreError> {
    match Place::read(address)? {
        Place::Sqlite(options) => sqlite::migrate(options).await,
        Place::Postgres(options) => postgres::migrate(options).await,
    }
}
