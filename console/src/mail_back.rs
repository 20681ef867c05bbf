//! What comes back from the readers of mails: reports of relays become receipts, and mailboxes that nobody has are
//! struck off; readers who unsubscribe are taken off, and put on again if they think better of it.

use crate::{config::ConfigError, office::Office};
use async_trait::async_trait;
use mingluo_channels::email::{
    EmailDoor, Tag,
    listener::{Keep, Mailbox, News, serve},
};
use mingluo_dispatch::engine::{EngineError, NamedReceipt};
use mingluo_model::{
    clock::SharedClock,
    id::PlanId,
    mode::Mode,
    plan::AccountName,
    reply::{Reply, Wish},
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What stands for the number that was written to, of who unsubscribed by a mail's own button.
const BUTTON: &str = "List-Unsubscribe";

/// The ledger of one mode, as returned mail sees it.
struct Back<M: Mode> {
    office: Arc<Office<M>>,
    account: AccountName,
}

/// Opens the door for returned mail, where the account has one; tells where it is.
pub(crate) async fn hear<M: Mode>(
    office: &Arc<Office<M>>,
    door: &Arc<EmailDoor>,
    clock: &SharedClock,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Option<SocketAddr>, ConfigError> {
    let Some(address) = door.listen() else { return Ok(None) };
    let field = format!("{}.email.bounces.listen", M::KIND.word());
    let wrong = |cause: std::io::Error| ConfigError::port(field.clone(), address, &cause);
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    let heard_at = listener.local_addr().map_err(wrong)?;
    let keep: Arc<dyn Keep> = Arc::new(Back { office: Arc::clone(office), account: door.account().clone() });
    tasks.spawn(serve(Arc::clone(door), listener, keep, clock.clone(), stop.clone()));
    Ok(Some(heard_at))
}

#[async_trait]
impl<M: Mode> Keep for Back<M> {
    async fn keep(&self, news: Vec<News>) -> Result<(), String> {
        self.kept(news).await.map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    }
}

impl<M: Mode> Back<M> {
    /// Receipts first: a report that comes again after half of this changes nothing.
    async fn kept(&self, news: Vec<News>) -> Result<(), EngineError> {
        let engine = self.office.engine();
        let mut nobody: BTreeMap<PlanId, Vec<u32>> = BTreeMap::new();
        for News { tag, .. } in news.iter().filter(|news| news.mailbox == Mailbox::Nobodys) {
            nobody.entry(tag.plan).or_default().push(tag.ordinal);
        }
        let named =
            |News { tag, receipt, .. }| NamedReceipt { plan: tag.plan, ordinal: tag.ordinal, receipt };
        engine.named_receipts(&self.account, news.into_iter().map(named).collect()).await?;
        for (plan, ordinals) in nobody {
            engine.strike(plan, &ordinals).await?;
        }
        Ok(())
    }
}

/// Takes the reader of a mail off, or puts them on again; `false` when nobody is known under its tag.
///
/// # Errors
/// [`EngineError`] when it cannot be kept.
pub(crate) async fn wish<M: Mode>(
    office: &Office<M>,
    account: &AccountName,
    tag: Tag,
    wish: Wish,
) -> Result<bool, EngineError> {
    let Some(from) = office.engine().addressee(tag.plan, tag.ordinal).await? else { return Ok(false) };
    let words = if wish == Wish::OptOut { "unsubscribe" } else { "subscribe" }.to_owned();
    let at = office.clock.now();
    // Each click is a wish of its own, however soon it comes: who thinks better of it twice means it.
    let reply = Reply { from, to: BUTTON.to_owned(), words, id: Some(at.0.to_string()), part: None, at };
    office.engine().roster().keep_replies(account, &[reply]).await?;
    Ok(true)
}
