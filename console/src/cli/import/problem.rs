//! Why a roster was not imported, for the language files.

use mingluo_model::{id::EditionId, problem::Problem};
use std::path::PathBuf;

/// Why nothing was imported or restored.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportProblem {
    /// Rows are wrong, and leaving them out was not allowed.
    #[error("{rows} bad rows")]
    BadRows {
        /// How many.
        rows: usize,
    },
    /// No row is left.
    #[error("{}: not one row is good", file.display())]
    Nobody {
        /// The file.
        file: PathBuf,
    },
    /// The new edition loses more than is replaced without a word.
    #[error("{lost} are lost")]
    LosesMuch {
        /// How many.
        lost: u64,
    },
    /// The number typed is not what is lost.
    #[error("--losing {typed}: {lost} are lost")]
    WrongNumber {
        /// What was typed.
        typed: u64,
        /// What it is.
        lost: u64,
    },
    /// There is no such edition.
    #[error("there is no edition {edition}")]
    NoEdition {
        /// The edition asked for.
        edition: EditionId,
    },
}

impl Problem for ImportProblem {
    fn code(&self) -> &'static str {
        match self {
            Self::BadRows { .. } => "import-bad-rows",
            Self::Nobody { .. } => "import-nobody",
            Self::LosesMuch { .. } => "import-loses-much",
            Self::WrongNumber { .. } => "import-wrong-number",
            Self::NoEdition { .. } => "import-no-edition",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::BadRows { rows } => vec![("rows", rows.to_string())],
            Self::Nobody { file } => vec![("file", file.display().to_string())],
            Self::LosesMuch { lost } => vec![("lost", lost.to_string())],
            Self::WrongNumber { typed, lost } => {
                vec![("typed", typed.to_string()), ("lost", lost.to_string())]
            }
            Self::NoEdition { edition } => vec![("edition", edition.to_string())],
        }
    }
}
