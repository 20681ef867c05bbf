//! Far sides that only pretend (模拟对端). Whoever looks at a page must know that nobody will get anything, also where the
//! programs, the words and the clicks are those of real warnings.

use super::voice::Voice;
use crate::office::Office;
use mingluo_model::{audience::ChannelKind, mode::Mode};
use std::collections::BTreeSet;

/// Which of a mode's far sides pretend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pretend {
    /// There are no far sides.
    Nobody,
    /// None of them.
    Nowhere,
    /// Those of these channels.
    Somewhere(BTreeSet<ChannelKind>),
    /// All of them.
    Everywhere,
}

impl Pretend {
    /// What the configured accounts of an office say.
    pub(super) fn of<M: Mode>(office: &Office<M>) -> Self {
        let accounts = office.engine().accounts();
        let accounts = accounts.map(|it| (it.kind(), office.renderer.is_pretend(it.account())));
        Self::told(&accounts.collect::<Vec<_>>())
    }

    fn told(accounts: &[(ChannelKind, bool)]) -> Self {
        let pretend: BTreeSet<_> =
            accounts.iter().filter_map(|(kind, pretends)| pretends.then_some(*kind)).collect();
        match accounts.iter().all(|(_, pretends)| *pretends) {
            _ if accounts.is_empty() => Self::Nobody,
            _ if pretend.is_empty() => Self::Nowhere,
            true => Self::Everywhere,
            false => Self::Somewhere(pretend),
        }
    }

    /// What holds for a mode without far sides of its own: the same as for the other one.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::Nobody { other } else { self }
    }

    /// The band over a page; `None` where all is real.
    pub(super) fn band(&self, voice: &Voice) -> Option<String> {
        match self {
            Self::Nobody | Self::Nowhere => None,
            Self::Everywhere => Some(voice.say("web-pretend-all")),
            Self::Somewhere(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| voice.channel(*kind)).collect();
                Some(voice.with("web-pretend-some", "a", voice.list(&kinds)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_real_gateway_among_pretend_ones_is_not_hidden() {
        use ChannelKind::{Email, Sms};
        assert_eq!(Pretend::told(&[]).or(Pretend::Everywhere), Pretend::Everywhere);
        assert_eq!(Pretend::told(&[(Sms, false)]).or(Pretend::Everywhere), Pretend::Nowhere);
        assert_eq!(Pretend::told(&[(Sms, false)]), Pretend::Nowhere);
        assert_eq!(Pretend::told(&[(Sms, true), (Email, true)]), Pretend::Everywhere);
        assert_eq!(
            Pretend::told(&[(Sms, false), (Email, true)]),
            Pretend::Somewhere(BTreeSet::from([Email]))
        );
    }
}
