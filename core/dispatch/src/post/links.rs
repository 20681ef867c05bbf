//! How the sessions of an account stand (账号连接): what an operator must see before a warning needs them.

use mingluo_model::channel::SendError;

/// The sessions of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Sessions that are open.
    pub open: u32,
    /// What kept a session from being open, or ended one, since the last was opened.
    pub trouble: Option<SendError>,
}

impl Links {
    /// A session was opened: the account works.
    pub(super) fn opened(&mut self) {
        self.open += 1;
        self.trouble = None;
    }

    /// An open session is over, by itself or because it was asked to end.
    pub(super) fn closed(&mut self, trouble: Option<&SendError>) {
        self.open = self.open.saturating_sub(1);
        self.trouble = trouble.cloned().or(self.trouble.take());
    }

    /// A session could not be opened.
    pub(super) fn failed(&mut self, trouble: &SendError) {
        self.trouble = Some(trouble.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_stands_until_a_session_is_open_again() {
        let refused = SendError::Refused { detail: "3".into() };
        let mut links = Links::default();
        links.failed(&refused);
        assert_eq!(links, Links { open: 0, trouble: Some(refused.clone()) });
        links.opened();
        assert_eq!(links, Links { open: 1, trouble: None });
        links.closed(Some(&refused));
        assert_eq!(links, Links { open: 0, trouble: Some(refused) });
        links.opened();
        links.closed(None);
        assert_eq!(links, Links::default());
    }
}
