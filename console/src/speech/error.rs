//! Why there is no speech, with code and fields for the language files.

use mingluo_ledger::StoreError;
use mingluo_model::problem::{Problem, file_fault};
use std::io;

/// Why there is no speech.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// The engine's program cannot be run.
    #[error("speech.command: {program:?} cannot be run")]
    Run {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The engine's program gave up.
    #[error("speech.command: {program:?} ended with {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The engine's service cannot be asked, or refuses.
    #[error("speech.url: {detail}")]
    Service {
        /// What happened.
        detail: String,
    },
    /// It took too long.
    #[error("the speech engine took longer than {limit_s} s")]
    Late {
        /// Its time, in seconds.
        limit_s: u64,
    },
    /// What it gave is no sound.
    #[error("the speech engine gave no 16-bit WAV: {detail}")]
    Wav {
        /// What is wrong with it.
        detail: String,
    },
    /// It is silent.
    #[error("the speech engine gave silence")]
    Silent,
    /// It is too long to be a warning.
    #[error("the speech engine gave {seconds} s, at most {most}")]
    Long {
        /// How long it is.
        seconds: u64,
        /// How long it may be.
        most: u64,
    },
    /// It cannot be packed.
    #[error("the speech cannot be packed: {detail}")]
    Codec {
        /// What the library says.
        detail: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is being stopped.
    #[error("the making was broken off")]
    Stopped,
}

impl Problem for SpeechError {
    fn code(&self) -> &'static str {
        match self {
            Self::Run { .. } => "speech-run",
            Self::Failed { .. } => "speech-failed",
            Self::Service { .. } => "speech-service",
            Self::Late { .. } => "speech-late",
            Self::Wav { .. } => "speech-wav",
            Self::Silent => "speech-silent",
            Self::Long { .. } => "speech-long",
            Self::Codec { .. } => "speech-codec",
            Self::Store(_) => "speech-store",
            Self::Stopped => "speech-stopped",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Run { program, source } => {
                vec![("program", program.clone()), ("kind", file_fault(source).to_owned())]
            }
            Self::Failed { program, status } => {
                vec![("program", program.clone()), ("status", status.to_string())]
            }
            Self::Service { detail } | Self::Wav { detail } | Self::Codec { detail } => {
                vec![("detail", detail.clone())]
            }
            Self::Late { limit_s } => vec![("limit", limit_s.to_string())],
            Self::Long { seconds, most } => {
                vec![("seconds", seconds.to_string()), ("most", most.to_string())]
            }
            Self::Silent | Self::Store(_) | Self::Stopped => Vec::new(),
        }
    }
}
