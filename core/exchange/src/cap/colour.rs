//! The colours of the Chinese warning grades (预警级别) and the CAP severities they stand for.
//!
//! It knows the four colours and their names on the wire; what a grade permits or demands is not its
//! business.

use super::Severity;

/// The colour of a warning grade, blue to red (四级蓝色 to 一级红色), ordered by gravity.
///
/// The colours and their order: Emergency Response Law of the People's Republic of China, article on warning
/// grades (突发事件应对法: 一级、二级、三级和四级，分别用红色、橙色、黄色和蓝色标示).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colour {
    /// Grade IV (四级, 蓝色).
    Blue,
    /// Grade III (三级, 黄色).
    Yellow,
    /// Grade II (二级, 橙色).
    Orange,
    /// Grade I (一级, 红色).
    Red,
}

impl Colour {
    /// All colours, least grave first.
    pub const ALL: [Self; 4] = [Self::Blue, Self::Yellow, Self::Orange, Self::Red];

    /// The severity that CAP writes for the grade: red Extreme, orange Severe, yellow Moderate, blue Minor.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Red => Severity::Extreme,
            Self::Orange => Severity::Severe,
            Self::Yellow => Severity::Moderate,
            Self::Blue => Severity::Minor,
        }
    }

    /// The grade that a severity stands for; an unknown severity has none, and an officer must choose.
    pub const fn of(severity: Severity) -> Option<Self> {
        match severity {
            Severity::Extreme => Some(Self::Red),
            Severity::Severe => Some(Self::Orange),
            Severity::Moderate => Some(Self::Yellow),
            Severity::Minor => Some(Self::Blue),
            Severity::Unknown => None,
        }
    }

    /// The English word, as Chinese platforms write it into `severity`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Red => "Red",
            Self::Orange => "Orange",
            Self::Yellow => "Yellow",
            Self::Blue => "Blue",
        }
    }

    /// The Chinese word.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Red => "红色",
            Self::Orange => "橙色",
            Self::Yellow => "黄色",
            Self::Blue => "蓝色",
        }
    }

    /// Reads a colour's name: English in any case, Chinese in either script, with or without 色.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let english = Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(name));
        english.or_else(|| match name.strip_suffix('色').unwrap_or(name) {
            "红" | "紅" => Some(Self::Red),
            "橙" => Some(Self::Orange),
            "黄" | "黃" => Some(Self::Yellow),
            "蓝" | "藍" => Some(Self::Blue),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_comes_back_from_its_severity() {
        for colour in Colour::ALL {
            assert_eq!(Colour::of(colour.severity()), Some(colour));
        }
        assert_eq!(Colour::of(Severity::Unknown), None);
        assert_eq!(Colour::Red.severity(), Severity::Extreme);
    }

    #[test]
    fn a_colour_is_known_by_all_its_names() {
        for colour in Colour::ALL {
            assert_eq!(Colour::from_name(colour.as_str()), Some(colour));
            assert_eq!(Colour::from_name(colour.chinese()), Some(colour));
        }
        assert_eq!(Colour::from_name("紅色"), Some(Colour::Red));
        assert_eq!(Colour::from_name("ORANGE"), Some(Colour::Orange));
        assert_eq!(Colour::from_name("green"), None);
    }
}
