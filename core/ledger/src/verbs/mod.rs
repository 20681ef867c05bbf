//! The verbs whose SQL is the same on both engines, written once. This folder is a module of either engine and is
//! compiled in each of them with that engine's `Db`, `Conn` and `Engine`; what differs between the engines is
//! not in here.

use super::{Conn, Db, Engine};
use crate::{
    audit::{AuditHead, AuditLine, AuditRow},
    chunk::Chunk,
    event::{Event, RawId, RawReceipt},
    store::{
        ApiKeyRow, Append, Ask, BoxEvent, BoxOrder, Call, Change, EditionBlock, EditionHead, Heard, Lease,
        LogPlace, OfficerRow, OrgRow, ReceiptPage, Replay, SessionRow, Store, StoreError, StoredAlert,
        StoredPlan, StoredReply, StoredSpeech, WebhookAttempt, WebhookDue, WebhookEnd, WebhookFate,
        WebhookStanding,
    },
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
use std::time::Duration;

mod account;
mod alert;
mod audit;
mod bounce;
mod call;
mod chunk;
mod clip;
mod edition;
mod fleet;
mod job;
mod lease;
mod opt_out;
mod people;
mod plan;
mod progress;
mod push;
mod receipts;
mod reply;
mod schema;
mod session;
mod value;
mod webhook;

pub(super) use schema::check_schema;

#[async_trait]
impl Store for Engine {
    fn engine(&self) -> &'static str {
        super::NAME
    }

    fn vault(&self) -> &Vault {
        &self.vault
    }

    async fn acquire(
        &self,
        resource: &str,
        node_name: &str,
        node: NodeId,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        self.prepare_days(now).await?;
        lease::acquire(self, resource, node_name, node, ttl, now).await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration, now: Timestamp) -> Result<Lease, StoreError> {
        self.prepare_days(now).await?;
        lease::renew(self, lease, ttl, now).await
    }

    async fn append(&self, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError> {
        self.append_fenced(lease, now, append).await
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        self.tidy_files().await
    }

    async fn events(
        &self,
        plan: PlanId,
        after: (i64, i64),
        limit: u32,
    ) -> Result<Vec<((i64, i64), Event)>, StoreError> {
        progress::events(self, plan, after, limit).await
    }

    async fn unmatched(&self, since: Timestamp) -> Result<Vec<(RawId, RawReceipt)>, StoreError> {
        progress::unmatched(self, since).await
    }

    async fn receipts(&self, mode: ModeKind, after: LogPlace, limit: u32) -> Result<ReceiptPage, StoreError> {
        receipts::page(self, mode, after, limit).await
    }

    async fn receipt_cursor(&self, mode: ModeKind) -> Result<LogPlace, StoreError> {
        receipts::cursor(self, mode).await
    }

    async fn move_receipt_cursor(&self, mode: ModeKind, to: LogPlace) -> Result<(), StoreError> {
        receipts::move_cursor(self, mode, to).await
    }

    async fn register_accounts(&self, accounts: &[(AccountName, ModeKind)]) -> Result<(), StoreError> {
        account::register(self, accounts).await
    }

    async fn commit(&self, change: &Change) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        for alert in &change.alerts {
            alert::write(write.conn(), &alert.alert).await?;
            webhook::note_release(write.conn(), &alert.alert).await?;
        }
        for plan in &change.plans {
            plan::insert(write.conn(), plan).await?;
        }
        for (plan, status) in &change.statuses {
            plan::set_status(write.conn(), *plan, *status).await?;
        }
        call::write(write.conn(), &change.calls).await?;
        audit::append(write.conn(), &change.audit).await?;
        // Last: whoever appends under this lease waits for it until the commit.
        if let Some(lease) = &change.fence {
            lease::hold(write.conn(), lease).await?;
        }
        write.commit().await
    }

    async fn close(&self, plan: PlanId, chunks: &[Chunk]) -> Result<(), StoreError> {
        chunk::close(self, plan, chunks).await
    }

    async fn chunks(&self, plan: PlanId) -> Result<Vec<Chunk>, StoreError> {
        chunk::read(self, plan).await
    }

    async fn chunk(&self, plan: PlanId, chunk_no: u32) -> Result<Option<Chunk>, StoreError> {
        chunk::one(self, plan, chunk_no).await
    }

    async fn alert(&self, id: AlertId) -> Result<Option<StoredAlert>, StoreError> {
        alert::one(self, id).await
    }

    async fn alerts(&self, mode: ModeKind, limit: u32) -> Result<Vec<StoredAlert>, StoreError> {
        alert::latest(self, mode, limit).await
    }

    async fn released_alerts(&self, mode: ModeKind) -> Result<Vec<StoredAlert>, StoreError> {
        alert::released(self, mode).await
    }

    async fn ended_alerts(
        &self,
        mode: ModeKind,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<StoredAlert>, StoreError> {
        alert::ended(self, mode, skip, limit).await
    }

    async fn plans(&self, alert: AlertId) -> Result<Vec<StoredPlan>, StoreError> {
        plan::of_alert(self, alert).await
    }

    async fn plan(&self, id: PlanId) -> Result<Option<StoredPlan>, StoreError> {
        plan::one(self, id).await
    }

    async fn open_plans(&self, mode: ModeKind) -> Result<Vec<StoredPlan>, StoreError> {
        plan::open(self, mode).await
    }

    async fn begin_edition(&self, head: &EditionHead) -> Result<(), StoreError> {
        edition::begin(self, head).await
    }

    async fn add_blocks(&self, edition: EditionId, blocks: &[EditionBlock]) -> Result<(), StoreError> {
        edition::add_blocks(self, edition, blocks).await
    }

    async fn seal_edition(
        &self,
        edition: EditionId,
        replaces: Option<EditionId>,
        audit: AuditLine,
    ) -> Result<(), StoreError> {
        edition::seal(self, edition, replaces, audit).await
    }

    async fn restore_edition(
        &self,
        edition: EditionId,
        replaces: Option<EditionId>,
        audit: AuditLine,
    ) -> Result<(), StoreError> {
        edition::restore(self, edition, replaces, audit).await
    }

    async fn current_edition(&self, mode: ModeKind) -> Result<Option<EditionHead>, StoreError> {
        edition::current(self, mode).await
    }

    async fn editions(&self, mode: ModeKind, limit: u32) -> Result<Vec<EditionHead>, StoreError> {
        edition::all(self, mode, limit).await
    }

    async fn edition(&self, id: EditionId) -> Result<Option<EditionHead>, StoreError> {
        edition::sealed(self, id).await
    }

    async fn blocks(
        &self,
        edition: EditionId,
        channel: ChannelKind,
        first: u32,
        last: u32,
    ) -> Result<Vec<EditionBlock>, StoreError> {
        edition::blocks(self, edition, channel, first, last).await
    }

    async fn opt_outs(&self, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError> {
        opt_out::all(self, mode).await
    }

    async fn opt_outs_mark(&self, mode: ModeKind) -> Result<(i64, Timestamp), StoreError> {
        opt_out::mark(self, mode).await
    }

    async fn change_opt_outs(
        &self,
        mode: ModeKind,
        out: &[[u8; 16]],
        back: &[[u8; 16]],
        audit: AuditLine,
    ) -> Result<(), StoreError> {
        opt_out::change(self, mode, out, back, audit).await
    }

    async fn strike(
        &self,
        mode: ModeKind,
        plan: PlanId,
        mailboxes: &[[u8; 16]],
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        bounce::strike(self, mode, plan, mailboxes, at).await
    }

    async fn take_back_strikes(&self, mode: ModeKind, plan: PlanId) -> Result<(), StoreError> {
        bounce::take_back(self, mode, plan).await
    }

    async fn struck_off(&self, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError> {
        bounce::struck_off(self, mode).await
    }

    async fn begin_jobs(&self, jobs: &[Job]) -> Result<(), StoreError> {
        job::begin(self, jobs).await
    }

    async fn end_jobs(&self, account: &AccountName, ends: &[AggregateReceipt]) -> Result<(), StoreError> {
        job::end(self, account, ends).await
    }

    async fn jobs(&self, mode: ModeKind, limit: u32) -> Result<Vec<Job>, StoreError> {
        job::latest(self, mode, limit).await
    }

    async fn ended_jobs(
        &self,
        mode: ModeKind,
        strangers_since: Timestamp,
    ) -> Result<Vec<(AccountName, ProviderId)>, StoreError> {
        job::ended(self, mode, strangers_since).await
    }

    async fn jobs_used(
        &self,
        mode: ModeKind,
        calls_since: Timestamp,
        warnings_since: Timestamp,
    ) -> Result<JobsUsed, StoreError> {
        job::used(self, mode, calls_since, warnings_since).await
    }

    async fn calls(&self, alert: AlertId) -> Result<Vec<Call>, StoreError> {
        call::of_alert(self, alert).await
    }

    async fn ask(&self, id: AskId) -> Result<Option<Ask>, StoreError> {
        call::ask(self, id).await
    }

    async fn answer(
        &self,
        mode: ModeKind,
        answer: Answer,
        at: Timestamp,
        audit: Option<AuditLine>,
    ) -> Result<u64, StoreError> {
        call::answer(self, mode, answer, at, audit).await
    }

    async fn keep_replies(
        &self,
        mode: ModeKind,
        account: &AccountName,
        replies: &[Reply],
    ) -> Result<Vec<usize>, StoreError> {
        reply::keep(self, mode, account, replies).await
    }

    async fn knows_push(&self, mode: ModeKind, name: [u8; 20]) -> Result<bool, StoreError> {
        push::is_known(self, mode, name).await
    }

    async fn keep_pushes(&self, pushes: &[(ModeKind, [u8; 20])], at: Timestamp) -> Result<(), StoreError> {
        push::keep(self, pushes, at).await
    }

    async fn replies(
        &self,
        mode: ModeKind,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StoredReply>, StoreError> {
        reply::latest(self, mode, before, limit).await
    }

    async fn replies_of(
        &self,
        mode: ModeKind,
        from: &Address,
        limit: u32,
    ) -> Result<Vec<StoredReply>, StoreError> {
        reply::of(self, mode, from, limit).await
    }

    async fn save_boxes(
        &self,
        mode: ModeKind,
        boxes: &[(BoxRecord, Option<Keeper>)],
        at: Timestamp,
        audit: AuditLine,
    ) -> Result<(), StoreError> {
        fleet::save(self, mode, boxes, at, audit).await
    }

    async fn boxes(&self, mode: ModeKind) -> Result<Vec<(BoxRecord, bool)>, StoreError> {
        fleet::all(self, mode).await
    }

    async fn boxes_mark(&self, mode: ModeKind) -> Result<(i64, Timestamp), StoreError> {
        fleet::mark(self, mode).await
    }

    async fn box_keeper(&self, mode: ModeKind, code: ResourceCode) -> Result<Option<Keeper>, StoreError> {
        fleet::keeper(self, mode, code).await
    }

    async fn keep_heard(&self, mode: ModeKind, heard: &Heard) -> Result<(), StoreError> {
        fleet::keep(self, mode, heard).await
    }

    async fn boxes_seen(&self, mode: ModeKind) -> Result<Vec<(ResourceCode, Seen)>, StoreError> {
        fleet::seen(self, mode).await
    }

    async fn playouts(
        &self,
        mode: ModeKind,
        ebms: &[EbmId],
    ) -> Result<Vec<(ResourceCode, Playout)>, StoreError> {
        fleet::playouts(self, mode, ebms).await
    }

    async fn playouts_of(
        &self,
        mode: ModeKind,
        code: ResourceCode,
        limit: u32,
    ) -> Result<Vec<Playout>, StoreError> {
        fleet::playouts_of(self, mode, code, limit).await
    }

    async fn box_events(
        &self,
        mode: ModeKind,
        code: ResourceCode,
        limit: u32,
    ) -> Result<Vec<BoxEvent>, StoreError> {
        fleet::events(self, mode, code, limit).await
    }

    async fn add_box_order(
        &self,
        mode: ModeKind,
        order: &BoxOrder,
        audit: AuditLine,
    ) -> Result<(), StoreError> {
        fleet::add_order(self, mode, order, audit).await
    }

    async fn box_orders(&self, mode: ModeKind, limit: u32) -> Result<Vec<BoxOrder>, StoreError> {
        fleet::orders(self, mode, limit).await
    }

    async fn keep_speech(&self, speech: &StoredSpeech, clip: &[u8]) -> Result<StoredSpeech, StoreError> {
        clip::keep(self, speech, clip).await
    }

    async fn speech(&self, content_hash: [u8; 32]) -> Result<Option<StoredSpeech>, StoreError> {
        clip::speech(self, content_hash).await
    }

    async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        clip::content(self, sha256).await
    }

    async fn released_at(&self, alert: AlertId) -> Result<Option<Timestamp>, StoreError> {
        webhook::released_at(self, alert).await
    }

    async fn know_webhooks(&self, targets: &[&str], now: Timestamp) -> Result<(), StoreError> {
        webhook::know(self, targets, now).await
    }

    async fn due_webhooks(
        &self,
        target: &str,
        mode: ModeKind,
        floor: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<WebhookDue>, StoreError> {
        webhook::due(self, target, mode, floor, now).await
    }

    async fn webhook_standing(
        &self,
        target: &str,
        alert: AlertId,
    ) -> Result<Option<WebhookStanding>, StoreError> {
        webhook::standing(self, target, alert).await
    }

    async fn begin_webhook(
        &self,
        target: &str,
        alert: AlertId,
        event: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        webhook::begin(self, target, alert, event, now).await
    }

    async fn end_webhook(
        &self,
        target: &str,
        alert: AlertId,
        number: i64,
        end: &WebhookEnd,
    ) -> Result<(), StoreError> {
        webhook::end(self, target, alert, number, end).await
    }

    async fn settle_webhook(
        &self,
        target: &str,
        alert: AlertId,
        fate: WebhookFate,
    ) -> Result<(), StoreError> {
        webhook::settle(self, target, alert, fate).await
    }

    async fn replay_webhooks(
        &self,
        target: &str,
        mode: ModeKind,
        which: Replay,
        now: Timestamp,
        audit: AuditLine,
    ) -> Result<u64, StoreError> {
        webhook::replay(self, target, mode, which, now, audit).await
    }

    async fn webhook_log(&self, target: Option<&str>, limit: u32) -> Result<Vec<WebhookAttempt>, StoreError> {
        webhook::log(self, target, limit).await
    }

    async fn prune_webhook_log(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        webhook::prune(self, before, most).await
    }

    async fn save_people(
        &self,
        orgs: &[OrgRow],
        officers: &[OfficerRow],
        audit: &[AuditLine],
    ) -> Result<(), StoreError> {
        people::save(self, orgs, officers, audit).await
    }

    async fn change_officer(&self, officer: &OfficerRow, audit: AuditLine) -> Result<(), StoreError> {
        people::change(self, officer, audit).await
    }

    async fn orgs(&self) -> Result<Vec<OrgRow>, StoreError> {
        people::orgs(self).await
    }

    async fn officers(&self) -> Result<Vec<OfficerRow>, StoreError> {
        people::officers(self).await
    }

    async fn add_api_key(&self, key: &ApiKeyRow, audit: AuditLine) -> Result<(), StoreError> {
        people::add_api_key(self, key, audit).await
    }

    async fn api_key(&self, key_hash: [u8; 32]) -> Result<Option<ApiKeyRow>, StoreError> {
        people::api_key(self, key_hash).await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKeyRow>, StoreError> {
        people::api_keys(self).await
    }

    async fn revoke_api_key(&self, key_hash: [u8; 32], audit: AuditLine) -> Result<bool, StoreError> {
        people::revoke_api_key(self, key_hash, audit).await
    }

    async fn add_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        session::add(self, session).await
    }

    async fn move_session(&self, session: &SessionRow) -> Result<bool, StoreError> {
        session::moved(self, session).await
    }

    async fn session(&self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<SessionRow>, StoreError> {
        session::one(self, token_hash, now).await
    }

    async fn end_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        session::end(self, token_hash).await
    }

    async fn audit(&self, lines: &[AuditLine]) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        audit::append(write.conn(), lines).await?;
        write.commit().await
    }

    async fn audit_rows(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        audit::rows(self, after, limit).await
    }

    async fn add_audit_head(&self, head: &AuditHead) -> Result<(), StoreError> {
        audit::add_head(self, head).await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        audit::heads(self).await
    }
}
