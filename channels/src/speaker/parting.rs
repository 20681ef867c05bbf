//! Why links end, and what is said to the box about it.

use super::{
    link::{HELLO_LIMIT, MISSES, STUCK_LIMIT},
    row::Over,
};
use mingluo_model::{bulletin::ResourceCode, link::BadFrame, mode::ModeKind};
use tokio_tungstenite::tungstenite::{self, error::CapacityError, protocol::frame::coding::CloseCode};

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub enum Parting {
    /// The box closed it.
    #[error("the box closed the link")]
    ByTheBox,
    /// This program is ending.
    #[error("the city is closing")]
    Closing,
    /// The box logged in anew.
    #[error("another login of this box")]
    Replaced,
    /// The box's certificate was taken back.
    #[error("the certificate was taken back")]
    Revoked,
    /// No hello came in time, or another frame came first.
    #[error("no hello within {} s", HELLO_LIMIT.as_secs())]
    NoHello,
    /// A second hello on one link.
    #[error("a second hello")]
    SecondHello,
    /// The hello or a report speaks for another box than the certificate.
    #[error("box code {said}, the certificate says {certificate}")]
    WrongCode {
        /// What the frame says.
        said: ResourceCode,
        /// What is believed.
        certificate: ResourceCode,
    },
    /// No version that is spoken here.
    #[error("link version 0, versions from 1 are spoken")]
    WrongVersion,
    /// A drill's box at the live city, or the reverse.
    #[error("a {said:?} box, this link is for {own:?}")]
    WrongMode {
        /// The box's mode.
        said: ModeKind,
        /// The hub's.
        own: ModeKind,
    },
    /// A text that is no frame.
    #[error(transparent)]
    BadFrame(#[from] BadFrame),
    /// A binary message.
    #[error("a binary message, frames are texts")]
    Binary,
    /// No sign of life.
    #[error("silent over {MISSES} pings")]
    Silent,
    /// The box does not read, or the city cannot keep what it says; it says it again.
    #[error("stuck for {} s: {what}", STUCK_LIMIT.as_secs())]
    Stuck {
        /// Which way.
        what: &'static str,
    },
    /// The connection broke, or what came was no WebSocket.
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<tungstenite::Error>),
}

impl From<Over> for Parting {
    fn from(over: Over) -> Self {
        match over {
            Over::Replaced => Self::Replaced,
            Over::Revoked => Self::Revoked,
            Over::Unkept => Self::Stuck { what: "the ledger of broadcasts is slow" },
        }
    }
}

impl Parting {
    /// How it is told to the box; `None` when nobody is there to be told.
    pub(super) fn code(&self) -> Option<CloseCode> {
        Some(match self {
            Self::ByTheBox | Self::Silent => return None,
            Self::Closing => CloseCode::Away,
            Self::Replaced
            | Self::Revoked
            | Self::NoHello
            | Self::WrongCode { .. }
            | Self::WrongMode { .. } => CloseCode::Policy,
            Self::SecondHello | Self::WrongVersion => CloseCode::Protocol,
            Self::BadFrame(BadFrame::TooLong { .. }) => CloseCode::Size,
            Self::BadFrame(BadFrame::NotAFrame(_)) => CloseCode::Invalid,
            Self::Binary => CloseCode::Unsupported,
            Self::Stuck { .. } => CloseCode::Again,
            Self::Broken(error) => match error.as_ref() {
                tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => CloseCode::Size,
                tungstenite::Error::Utf8(_) => CloseCode::Invalid,
                tungstenite::Error::Protocol(_) => CloseCode::Protocol,
                _ => return None,
            },
        })
    }
}

impl From<tungstenite::Error> for Parting {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed => Self::ByTheBox,
            error => Self::Broken(Box::new(error)),
        }
    }
}
