//! Why a roster was not imported, for the language files.

use crate::cli::both;
use mingluo_ledger::StoreError;
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
    /// Real people would give way to made-up ones.
    #[error("the current edition is real, the new one is not: {lost} are lost")]
    LosesTheReal {
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
    /// The edition is one of the other mode.
    #[error("edition {edition} is of the other mode")]
    OtherMode {
        /// The edition asked for.
        edition: EditionId,
    },
    /// Another import or restore was done between the comparison and the seal.
    #[error("another import came between")]
    Overtaken,
}

impl ImportProblem {
    /// Being overtaken in the words of this command; any other error of the store as it is.
    pub(super) fn told_by(error: anyhow::Error) -> anyhow::Error {
        match error.downcast_ref() {
            Some(StoreError::Overtaken { .. }) => anyhow::anyhow!(both(&Self::Overtaken)),
            _ => error,
        }
    }
}

impl Problem for ImportProblem {
    fn code(&self) -> &'static str {
        match self {
            Self::BadRows { .. } => "import-bad-rows",
            Self::Nobody { .. } => "import-nobody",
            Self::LosesMuch { .. } => "import-loses-much",
            Self::LosesTheReal { .. } => "import-loses-the-real",
            Self::WrongNumber { .. } => "import-wrong-number",
            Self::NoEdition { .. } => "import-no-edition",
            Self::OtherMode { .. } => "import-other-mode",
            Self::Overtaken => "import-overtaken",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::BadRows { rows } => vec![("rows", rows.to_string())],
            Self::Nobody { file } => vec![("file", file.display().to_string())],
            Self::LosesMuch { lost } | Self::LosesTheReal { lost } => vec![("lost", lost.to_string())],
            Self::WrongNumber { typed, lost } => {
                vec![("typed", typed.to_string()), ("lost", lost.to_string())]
            }
            Self::Overtaken => Vec::new(),
            Self::NoEdition { edition } | Self::OtherMode { edition } => {
                vec![("edition", edition.to_string())]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_overtaken_is_told_to_run_again() {
        let edition = EditionId(uuid::Uuid::nil());
        let told = ImportProblem::told_by(StoreError::Overtaken { edition }.into()).to_string();
        assert!(told.contains("请重新执行") && told.contains("Run it again"), "{told}");
        let other = ImportProblem::told_by(anyhow::anyhow!("the disk is full")).to_string();
        assert_eq!(other, "the disk is full");
    }
}
