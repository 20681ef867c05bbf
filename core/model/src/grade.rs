//! The four grades of a warning and nothing about what is done for each of them.

use serde::{Deserialize, Serialize};

/// A warning grade (预警级别), ordered by urgency: blue (Ⅳ) is the least, red (Ⅰ) the gravest.
///
/// Source: 《突发事件应对法》 article 42 (four grades, red orange yellow blue).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Ⅳ级, 一般.
    Blue,
    /// Ⅲ级, 较重.
    Yellow,
    /// Ⅱ级, 严重.
    Orange,
    /// Ⅰ级, 特别严重.
    Red,
}

impl Grade {
    /// All grades, least urgent first.
    pub const ALL: [Self; 4] = [Self::Blue, Self::Yellow, Self::Orange, Self::Red];

    /// The number kept in the ledger: 1 blue to 4 red, so that a larger number is graver.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Blue => 1,
            Self::Yellow => 2,
            Self::Orange => 3,
            Self::Red => 4,
        }
    }

    /// The grade of a ledger number, if it is one.
    pub const fn from_rank(rank: u8) -> Option<Self> {
        match rank {
            1 => Some(Self::Blue),
            2 => Some(Self::Yellow),
            3 => Some(Self::Orange),
            4 => Some(Self::Red),
            _ => None,
        }
    }

    /// The Chinese colour word as it stands in headlines (红色 …).
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Blue => "蓝色",
            Self::Yellow => "黄色",
            Self::Orange => "橙色",
            Self::Red => "红色",
        }
    }

    /// The English word used in configuration, on the API and in file names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// The roman numeral of the plan documents (Ⅰ is red).
    pub const fn roman(self) -> &'static str {
        match self {
            Self::Blue => "Ⅳ",
            Self::Yellow => "Ⅲ",
            Self::Orange => "Ⅱ",
            Self::Red => "Ⅰ",
        }
    }
}

/// A word that names no grade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("grade: {value:?} is no grade; use red, orange, yellow or blue")]
pub struct UnknownGrade {
    /// The word as given.
    pub value: String,
}

impl std::str::FromStr for Grade {
    type Err = UnknownGrade;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let bare = word.trim();
        Self::ALL
            .into_iter()
            .find(|grade| bare.eq_ignore_ascii_case(grade.word()) || bare == grade.zh())
            .ok_or_else(|| UnknownGrade { value: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_is_graver_than_all_others() {
        assert!(Grade::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Grade::ALL.map(Grade::rank), [1, 2, 3, 4]);
        assert!(Grade::ALL.into_iter().all(|grade| Grade::from_rank(grade.rank()) == Some(grade)));
    }

    #[test]
    fn an_unknown_colour_is_named_in_the_error() {
        let error = "purple".parse::<Grade>().unwrap_err();
        assert!(error.to_string().contains("purple"));
        assert_eq!("红色".parse(), Ok(Grade::Red));
    }
}
