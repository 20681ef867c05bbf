//! The closed word lists of CAP 1.2 (section 3.2), each word with its meaning in the standard.
//!
//! The lists know their exact words and the words of older versions; what to do about a stranger is the
//! reader's choice.

use std::fmt;

/// A closed list of words.
pub(super) trait Word: Copy + 'static {
    /// All words in the order of the standard.
    const ALL: &'static [Self];
    /// Words of older versions and what they became.
    const FORMER: &'static [(&'static str, Self)];
    /// The word as it stands on the wire.
    fn word(self) -> &'static str;

    /// The word exactly as the standard has it.
    fn exact(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == text)
    }

    /// The word in any case, or an older word for it.
    fn loose(text: &str) -> Option<Self> {
        let same = |it: &&Self| it.word().eq_ignore_ascii_case(text);
        let former =
            || Self::FORMER.iter().find(|(old, _)| old.eq_ignore_ascii_case(text)).map(|(_, new)| *new);
        Self::ALL.iter().find(same).copied().or_else(former)
    }

    /// All words, for an error that tells the choice.
    fn choice() -> String {
        let words: Vec<_> = Self::ALL.iter().map(|it| it.word()).collect();
        format!("use one of {}", words.join(", "))
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $word:ident),+ $(,)? } $(former { $($old:literal => $new:ident),+ })?) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$meaning])* $word),+ }

        impl $name {
            /// All words in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The word as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word)),+ }
            }
        }

        impl Word for $name {
            const ALL: &'static [Self] = Self::ALL;
            const FORMER: &'static [(&'static str, Self)] = &[$($(($old, Self::$new)),+)?];
            fn word(self) -> &'static str { self.as_str() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

words! {
    /// How the message is to be handled, `status`.
    Status {
        /// Real: to be acted on by all.
        Actual,
        /// For the takers of an exercise (演练) only; must be visible as such everywhere.
        Exercise,
        /// Supports the alert network itself.
        System,
        /// Technical test; all disregard it.
        Test,
        /// Draft; not to be acted on.
        Draft,
    }
}

words! {
    /// What the message does, `msgType`.
    MsgType {
        /// First information.
        Alert,
        /// Replaces the referenced messages.
        Update,
        /// Withdraws the referenced messages.
        Cancel,
        /// Acknowledges the referenced messages.
        Ack,
        /// Rejects the referenced messages; the reason stands in `note`.
        Error,
    }
}

words! {
    /// Who may see the message, `scope`.
    Scope {
        /// Everyone.
        Public,
        /// Only those whom `restriction` names.
        Restricted,
        /// Only those in `addresses`.
        Private,
    }
}

words! {
    /// The kind of event, `category`.
    Category {
        /// Geophysical (earthquake, landslide).
        Geo,
        /// Meteorological, floods included.
        Met,
        /// General emergency and public safety.
        Safety,
        /// Law enforcement, military, security.
        Security,
        /// Rescue and recovery.
        Rescue,
        /// Fire.
        Fire,
        /// Medical and public health.
        Health,
        /// Pollution and environment.
        Env,
        /// Transport.
        Transport,
        /// Utilities and infrastructure.
        Infra,
        /// Chemical, biological, radiological, nuclear, explosive.
        CBRNE,
        /// Other.
        Other,
    }
}

words! {
    /// What the audience is asked to do, `responseType`.
    ResponseType {
        /// Take shelter in place.
        Shelter,
        /// Leave.
        Evacuate,
        /// Prepare.
        Prepare,
        /// Carry out a planned activity.
        Execute,
        /// Keep away from the event.
        Avoid,
        /// Follow the sources of information.
        Monitor,
        /// Evaluate; not for public warnings.
        Assess,
        /// The hazard is over (解除).
        AllClear,
        /// Nothing is recommended.
        None,
    }
}

words! {
    /// How soon to act, `urgency`.
    Urgency {
        /// At once.
        Immediate,
        /// Within the hour.
        Expected,
        /// In the near future.
        Future,
        /// No longer needed.
        Past,
        /// Not known.
        Unknown,
    }
}

words! {
    /// How grave the event is, `severity`.
    Severity {
        /// Extraordinary threat to life or property.
        Extreme,
        /// Significant threat.
        Severe,
        /// Possible threat.
        Moderate,
        /// Minimal to no known threat.
        Minor,
        /// Not known.
        Unknown,
    }
}

words! {
    /// How sure the event is, `certainty`. `Very Likely` of CAP 1.0 is to be taken as `Likely` (CAP 1.2,
    /// 3.2.2).
    Certainty {
        /// It happened or is going on.
        Observed,
        /// Probability above one half.
        Likely,
        /// Possible, at most one half.
        Possible,
        /// Not expected to occur.
        Unlikely,
        /// Not known.
        Unknown,
    } former { "Very Likely" => Likely }
}
