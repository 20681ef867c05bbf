//! What residents write back, beside sending and hearing: it holds up neither. What cannot be kept is not answered, so
//! that the gateway says it again.

use super::{End, Line, Post};
use mingluo_model::{
    channel::{Answerer, ReceiptToken},
    mode::Mode,
    reply::Reply,
};

/// Replies of a session that may wait to be kept; what comes beyond them is left to the gateway, which says it again.
pub(super) const MOST_WAITING: usize = 10_000;

impl<M: Mode> Post<M> {
    /// Lets what residents wrote wait for its turn.
    pub(super) fn take_replies(&self, replies: Vec<(Reply, ReceiptToken)>, line: &Line) {
        if replies.is_empty() {
            return;
        }
        let mut waiting = line.replies();
        let room = MOST_WAITING.saturating_sub(waiting.len());
        if room < replies.len() {
            let (account, left) = (&self.channel.account().0, replies.len() - room);
            tracing::warn!(
                account,
                left,
                "residents write faster than it can be kept; the gateway will say it again"
            );
        }
        waiting.extend(replies.into_iter().take(room));
        line.wrote.notify_one();
    }

    /// Keeps what residents write, in order, and which mailboxes nobody has.
    pub(super) async fn keep_all_replies(&self, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        loop {
            line.wrote.notified().await;
            self.strike(line).await;
            self.keep_replies(answerer, line).await?;
        }
    }

    /// Keeps what waits still when a session ends. A link that is gone takes no answers: it is said again.
    pub(super) async fn keep_last_replies(&self, answerer: &dyn Answerer, line: &Line) {
        self.strike(line).await;
        drop(self.keep_replies(answerer, line).await);
    }

    /// Keeps what waits and answers it. It waits on until it is kept, should this be cut short.
    pub(super) async fn keep_replies(&self, answerer: &dyn Answerer, line: &Line) -> Result<(), End> {
        let waiting = line.replies().clone();
        if waiting.is_empty() {
            return Ok(());
        }
        let (replies, tokens): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let kept = self.roster.keep_replies(self.channel.account(), &replies).await;
        line.replies().drain(..replies.len());
        match kept {
            Ok(_) => answerer.committed(&tokens).await.map_err(End::Lost),
            Err(error) => {
                let (account, replies) = (&self.channel.account().0, replies.len());
                tracing::error!(
                    account,
                    replies,
                    error = &error as &dyn std::error::Error,
                    "what residents wrote cannot be kept; the gateway will say it again"
                );
                Ok(())
            }
        }
    }
}
