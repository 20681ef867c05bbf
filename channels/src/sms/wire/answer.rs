//! What a gateway's answer asks of the one who sent, whatever the protocol's number for it.

/// The class of an answer code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerClass {
    /// Done.
    Ok,
    /// The sequence was used before (序列号重复): taken for a copy and dropped.
    Repeated,
    /// Too fast or too many (流控): slow the account down and send the same again; no failure.
    Busy,
    /// May succeed later: try the same again a few times.
    Temporary,
    /// This message or this number will never pass as it is.
    Permanent,
    /// The account may not log in or may not send, now or as it is configured: do not hammer, a person must look, and another
    /// account may send meanwhile.
    Account,
}

/// Declares a table of answer codes once: the constant, its code, its class and its meaning.
///
/// A code nobody has named counts as [`AnswerClass::Temporary`]: a warning sent twice does less harm
/// than one not sent.
macro_rules! answers {
    ($(#[$doc:meta])* $name:ident($inner:ty): $($class:ident { $($constant:ident = $code:literal $meaning:literal,)+ })+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub $inner);

        impl $name {
            $($(
                #[doc = concat!($meaning, "。")]
                pub const $constant: Self = Self($code);
            )+)+

            /// The code's meaning in the standard's words, if the standard has one.
            pub const fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($($code => Some($meaning),)+)+
                    _ => None,
                }
            }

            /// What to do about it.
            pub const fn class(self) -> $crate::sms::wire::AnswerClass {
                match self.0 {
                    $($($code => $crate::sms::wire::AnswerClass::$class,)+)+
                    _ => $crate::sms::wire::AnswerClass::Temporary,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.meaning() {
                    Some(meaning) => write!(f, "{} {meaning}", self.0),
                    None => write!(f, "{}", self.0),
                }
            }
        }
    };
}

pub(in crate::sms) use answers;
