//! Why a channel cannot carry some words (文字不合), as codes with fields: the sentences for officers are made at the edge,
//! in their language.

/// What is wrong with a field of a message that is not its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// There is nothing in it.
    #[error("must not be empty; write the words")]
    Empty,
    /// It has line breaks or control characters.
    #[error("must be one line without control characters")]
    ManyLines,
    /// It has a link, which providers of template messages refuse.
    #[error("holds a link, which providers refuse; leave it out")]
    Link,
    /// It has the brackets of a signature (签名).
    #[error("holds 【 or 】, which are kept for the signature; leave them out")]
    Brackets,
    /// A drill's words do not say that it is one, or deny it.
    #[error("a drill must say 演练 in what phones show, and must not deny it; change the words")]
    NoDrill,
    /// No template of the account is for such an alert.
    #[error("none is for event {event}, grade {grade}, step {step}; add one")]
    NoTemplate {
        /// The event's code.
        event: String,
        /// The grade's word.
        grade: String,
        /// The step's word.
        step: String,
    },
    /// The provider does not know the template.
    #[error("the provider has no such template; see its console")]
    UnknownTemplate,
    /// The provider has not approved the template (模板未过审).
    #[error("the provider has not approved this template; see its console")]
    NotApproved,
    /// The provider's template has other words than the configuration.
    #[error("the provider has other words than templates.text; copy them from its console")]
    OtherWords,
    /// The door (监听口) through which the gateway brings its reports cannot be opened.
    #[error("the door for the gateway's reports cannot be opened: {0}")]
    DoorShut(String),
    /// The gateway was refused at that door: name and password are not those that it was given.
    #[error("the gateway is refused at our door: name and password are not those that it was given")]
    DoorRefused,
    /// Anything else: nothing that an officer can mend. English words for the operator.
    #[error("{0}")]
    Other(String),
}

impl Misfit {
    /// A stable code in kebab-case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::ManyLines => "many-lines",
            Self::Link => "link",
            Self::Brackets => "brackets",
            Self::NoDrill => "no-drill",
            Self::NoTemplate { .. } => "no-template",
            Self::UnknownTemplate => "unknown-template",
            Self::NotApproved => "not-approved",
            Self::OtherWords => "other-words",
            Self::DoorShut(_) => "door-shut",
            Self::DoorRefused => "door-refused",
            Self::Other(_) => "other",
        }
    }

    /// The values that the sentence names.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoTemplate { event, grade, step } => {
                vec![("for_event", event.clone()), ("for_grade", grade.clone()), ("for_step", step.clone())]
            }
            _ => Vec::new(),
        }
    }
}

impl From<String> for Misfit {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

impl From<&str> for Misfit {
    fn from(words: &str) -> Self {
        Self::Other(words.to_owned())
    }
}
