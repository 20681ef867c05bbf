//! The one store: verbs on sets, the same on both engines. What each verb promises is said here; how the
//! engines keep it is theirs.

mod call;
mod decision;
mod edition;
mod error;
mod fleet;
mod log;
mod people;
mod speech;
mod webhook;

pub use call::{Answered, Ask, Call, CallStep, CallWrites, Taken};
pub use decision::{AlertWrite, Change, StoredAlert, StoredPlan};
pub use edition::{EditionBlock, EditionHead};
pub use error::StoreError;
pub use fleet::{BoxEvent, BoxOrder, BoxOrderKind, Heard};
pub use log::{Append, Lease, LogPlace, ReceiptPage};
pub use people::{ApiKeyRow, OfficerRow, OrgRow, SessionRow, StoredReply};
pub use speech::StoredSpeech;
pub use webhook::{Replay, WebhookAttempt, WebhookDue, WebhookEnd, WebhookFate, WebhookStanding};

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
    address::Address,
    audience::ChannelKind,
    bulletin::{EbmId, ResourceCode},
    call::Answer,
    clock::Timestamp,
    fleet::{BoxRecord, Keeper, Playout, Seen},
    id::{AlertId, AskId, EditionId, NodeId, PlanId},
    mode::ModeKind,
    plan::AccountName,
    receipt::{AggregateReceipt, Job, JobsUsed, ProviderId},
    reply::Reply,
};
use std::{sync::Arc, time::Duration};

/// So many warnings that came back as unknown take a mailbox off. One may be a relay's mistake; who goes on sending to
/// mailboxes that do not exist is taken for a sender of advertisements, and the mails of all others are lost.
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

    /// Keeps the fold of a plan, or these chunks of it anew, and closes it, in one transaction.
    async fn close(&self, plan: PlanId, chunks: &[Chunk]) -> Result<(), StoreError>;

    /// The fold of a closed plan.
    async fn chunks(&self, plan: PlanId) -> Result<Vec<Chunk>, StoreError>;

    /// One chunk of it, by its number; `None` where the plan is not closed or has no such chunk.
    async fn chunk(&self, plan: PlanId, chunk_no: u32) -> Result<Option<Chunk>, StoreError>;

    /// One alert.
    async fn alert(&self, id: AlertId) -> Result<Option<StoredAlert>, StoreError>;

    /// The latest alerts of a mode, newest first.
    async fn alerts(&self, mode: ModeKind, limit: u32) -> Result<Vec<StoredAlert>, StoreError>;

    /// Every alert of a mode that stands released, the oldest first.
    async fn released_alerts(&self, mode: ModeKind) -> Result<Vec<StoredAlert>, StoreError>;

    /// Alerts of a mode that were released and are over (updated, lifted, corrected, run out), the newest first: at most
    /// `limit` after the first `skip`.
    async fn ended_alerts(
        &self,
        mode: ModeKind,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<StoredAlert>, StoreError>;

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

    /// How many opted out and when the last one did: where neither changed, nobody opted out or in again.
    async fn opt_outs_mark(&self, mode: ModeKind) -> Result<(i64, Timestamp), StoreError>;

    /// Takes addresses off (`out`) and on again (`back`), with an audit line that says since when.
    async fn change_opt_outs(
        &self,
        mode: ModeKind,
        out: &[[u8; 16]],
        back: &[[u8; 16]],
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// A warning came back from these mailboxes, given as keyed hashes, since nobody has them. The same plan strikes
    /// once. Gives how many mailboxes this plan was the last to strike.
    async fn strike(
        &self,
        mode: ModeKind,
        plan: PlanId,
        mailboxes: &[[u8; 16]],
        at: Timestamp,
    ) -> Result<u64, StoreError>;

    /// What this plan struck is not believed: the mailboxes that it was the last to strike begin anew.
    async fn take_back_strikes(&self, mode: ModeKind, plan: PlanId) -> Result<(), StoreError>;

    /// Keyed hashes of the mailboxes that [`STRIKES`] warnings came back from. Who asks for messages again is off the
    /// list.
    async fn struck_off(&self, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError>;

    /// Keeps that these jobs for many were taken; said again with more people it holds anew. A job that nobody took is
    /// passed over.
    async fn begin_jobs(&self, jobs: &[Job]) -> Result<(), StoreError>;

    /// Keeps how jobs of an account ended, heard of before or after they were kept as taken. What is said again changes
    /// no time, a total that is not told again stays, and an end without totals changes none that is known.
    async fn end_jobs(&self, account: &AccountName, ends: &[AggregateReceipt]) -> Result<(), StoreError>;

    /// The latest jobs for many of a mode, newest first.
    async fn jobs(&self, mode: ModeKind, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// The jobs of a mode that ended and whose plan is not closed; and those that ended at or after `strangers_since` and of
    /// which no plan is known.
    async fn ended_jobs(
        &self,
        mode: ModeKind,
        strangers_since: Timestamp,
    ) -> Result<Vec<(AccountName, ProviderId)>, StoreError>;

    /// What was used of jobs in a mode: calls that were taken at or after `calls_since`, and warnings that had any at or
    /// after `warnings_since`.
    async fn jobs_used(
        &self,
        mode: ModeKind,
        calls_since: Timestamp,
        warnings_since: Timestamp,
    ) -> Result<JobsUsed, StoreError>;

    /// The calls of an alert (叫应) with their steps, by division.
    async fn calls(&self, alert: AlertId) -> Result<Vec<Call>, StoreError>;

    /// What somebody is asked to answer.
    async fn ask(&self, id: AskId) -> Result<Option<Ask>, StoreError>;

    /// Takes an answer to a call, from whatever channel, and gives how many calls it answers: 0, and no audit line is
    /// kept, where all were answered before, where there is none of this mode, or too late.
    async fn answer(
        &self,
        mode: ModeKind,
        answer: Answer,
        at: Timestamp,
        audit: Option<AuditLine>,
    ) -> Result<u64, StoreError>;

    /// Keeps what residents wrote to an account, takes off or on again who wishes it ([`Reply::wish`]), and takes the answer
    /// of who writes back the code that was sent to their address ([`Reply::code`]). What is said again is neither kept nor
    /// heeded again. It is known by the gateway's own id for three days; where there is none, by
    /// writer and words for an hour. Gives the places in `replies` of those that are new.
    async fn keep_replies(
        &self,
        mode: ModeKind,
        account: &AccountName,
        replies: &[Reply],
    ) -> Result<Vec<usize>, StoreError>;

    /// Whether a push of a platform was kept, by its name, in the last three days.
    async fn knows_push(&self, mode: ModeKind, name: [u8; 20]) -> Result<bool, StoreError>;

    /// Keeps that these pushes were kept whole, and forgets those of more than three days before.
    async fn keep_pushes(&self, pushes: &[(ModeKind, [u8; 20])], at: Timestamp) -> Result<(), StoreError>;

    /// What residents wrote, the latest first, from before the reply `before`.
    async fn replies(
        &self,
        mode: ModeKind,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StoredReply>, StoreError>;

    /// What somebody wrote, the latest first.
    async fn replies_of(
        &self,
        mode: ModeKind,
        from: &Address,
        limit: u32,
    ) -> Result<Vec<StoredReply>, StoreError>;

    /// Writes boxes down, or anew, with an audit line. A keeper, a certificate's end and the day of enrolment that are not
    /// given stay as they were.
    async fn save_boxes(
        &self,
        mode: ModeKind,
        boxes: &[(BoxRecord, Option<Keeper>)],
        at: Timestamp,
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// The boxes that are written down, by code, each with whether somebody is named who looks after it.
    async fn boxes(&self, mode: ModeKind) -> Result<Vec<(BoxRecord, bool)>, StoreError>;

    /// How many boxes are written down and when one last was: where neither changed, nothing was written.
    async fn boxes_mark(&self, mode: ModeKind) -> Result<(i64, Timestamp), StoreError>;

    /// Who looks after a box.
    async fn box_keeper(&self, mode: ModeKind, code: ResourceCode) -> Result<Option<Keeper>, StoreError>;

    /// Keeps what was heard of boxes, in one transaction.
    async fn keep_heard(&self, mode: ModeKind, heard: &Heard) -> Result<(), StoreError>;

    /// All boxes that ever made themselves known, by code.
    async fn boxes_seen(&self, mode: ModeKind) -> Result<Vec<(ResourceCode, Seen)>, StoreError>;

    /// These broadcasts in all boxes that told of them, by code.
    async fn playouts(
        &self,
        mode: ModeKind,
        ebms: &[EbmId],
    ) -> Result<Vec<(ResourceCode, Playout)>, StoreError>;

    /// The latest broadcasts in one box, newest first.
    async fn playouts_of(
        &self,
        mode: ModeKind,
        code: ResourceCode,
        limit: u32,
    ) -> Result<Vec<Playout>, StoreError>;

    /// What last happened to one box, newest first.
    async fn box_events(
        &self,
        mode: ModeKind,
        code: ResourceCode,
        limit: u32,
    ) -> Result<Vec<BoxEvent>, StoreError>;

    /// Keeps an order to boxes before it leaves, with its audit line.
    async fn add_box_order(
        &self,
        mode: ModeKind,
        order: &BoxOrder,
        audit: AuditLine,
    ) -> Result<(), StoreError>;

    /// The latest orders to boxes, by their numbers, newest first.
    async fn box_orders(&self, mode: ModeKind, limit: u32) -> Result<Vec<BoxOrder>, StoreError>;
    /// Keeps speech with its clip. The first that is kept for a content stands for good, and is what is given.
    async fn keep_speech(&self, speech: &StoredSpeech, clip: &[u8]) -> Result<StoredSpeech, StoreError>;

    /// The speech for a content, by its hash.
    async fn speech(&self, content_hash: [u8; 32]) -> Result<Option<StoredSpeech>, StoreError>;

    /// The clip of a digest.
    async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;

    /// When the hold of a released warning ended or ends; recalled or not.
    async fn released_at(&self, alert: AlertId) -> Result<Option<Timestamp>, StoreError>;

    /// Makes targets of webhooks known, each once: what was due before it was known is not told to a target.
    async fn know_webhooks(&self, targets: &[&str], now: Timestamp) -> Result<(), StoreError>;

    /// What a target is to be told of a mode, in the order in which holds ended: what waits for it, and what was due from
    /// `floor` to `now` and has not been looked at yet.
    async fn due_webhooks(
        &self,
        target: &str,
        mode: ModeKind,
        floor: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<WebhookDue>, StoreError>;

    /// How a warning stands at a target; `None` where nothing has become of it yet.
    async fn webhook_standing(
        &self,
        target: &str,
        alert: AlertId,
    ) -> Result<Option<WebhookStanding>, StoreError>;

    /// Keeps that a request is begun, before it leaves, and gives its number in the log.
    async fn begin_webhook(
        &self,
        target: &str,
        alert: AlertId,
        event: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError>;

    /// Keeps how that request ended, and with it that the target took the warning where it did.
    async fn end_webhook(
        &self,
        target: &str,
        alert: AlertId,
        number: i64,
        end: &WebhookEnd,
    ) -> Result<(), StoreError>;

    /// Keeps what became of a warning at a target without a request.
    async fn settle_webhook(&self, target: &str, alert: AlertId, fate: WebhookFate)
    -> Result<(), StoreError>;

    /// Asks for warnings of a mode to be sent to a known target again, with an audit line, and gives how many; none, and no
    /// line, where nothing was ever due like that.
    async fn replay_webhooks(
        &self,
        target: &str,
        mode: ModeKind,
        which: Replay,
        now: Timestamp,
        audit: AuditLine,
    ) -> Result<u64, StoreError>;

    /// The latest requests, of one target or of all, newest first.
    async fn webhook_log(&self, target: Option<&str>, limit: u32) -> Result<Vec<WebhookAttempt>, StoreError>;

    /// Drops requests from before an instant, and the oldest beyond `most`; gives how many.
    async fn prune_webhook_log(&self, before: Timestamp, most: u32) -> Result<u64, StoreError>;

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
