//! The few characters that a WeChat template has for the area and for the one thing to do (模板消息的“建议”).

use mingluo_model::{
    alert::{AlertKind, Content, Language},
    grade::Grade,
};

/// Characters of a template's `thing` (微信开放文档, 订阅消息参数值内容限制).
const THING: usize = 20;

/// The one thing to do: the officer's own words where a field can hold them, else the fixed ones.
pub(super) fn advice(content: &Content) -> &str {
    own(content).unwrap_or_else(|| fixed(content.kind, content.grade))
}

/// The fixed words that a template says in place of the officer's; `None` when it says the officer's.
pub fn fixed_instead(content: &Content) -> Option<&'static str> {
    own(content).is_none().then(|| fixed(content.kind, content.grade))
}

fn own(content: &Content) -> Option<&str> {
    let own = content.texts.get(&Language::chinese())?.instruction.trim();
    let fits = !own.is_empty() && own.chars().count() <= THING && !own.contains(char::is_control);
    fits.then_some(own)
}

/// A field holds [`THING`] characters: a longer list of names becomes its first and a number.
pub(super) fn shortened(described: &str, regions: usize) -> String {
    if described.chars().count() <= THING {
        return described.to_owned();
    }
    let first: String = described.split('、').next().unwrap_or(described).chars().take(10).collect();
    format!("{first}等{regions}个地区")
}

/// The fixed words for a grade, or for what takes a warning back.
pub const fn fixed(kind: AlertKind, grade: Grade) -> &'static str {
    match (kind, grade) {
        (AlertKind::Lift(_), _) => "险情解除，请继续留意后续信息",
        (AlertKind::Correction(_), _) => "前一条预警有误，以本条为准",
        (_, Grade::Red) => "请立即避险，服从转移安排",
        (_, Grade::Orange) => "请停止外出，做好转移准备",
        (_, Grade::Yellow) => "请减少外出，检查防范措施",
        (_, Grade::Blue) => "请关注天气变化，注意防范",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_advice_fits_a_template_field() {
        let earlier = mingluo_model::id::AlertId(uuid::Uuid::nil());
        for kind in [AlertKind::Alert, AlertKind::Lift(earlier), AlertKind::Correction(earlier)] {
            assert!(Grade::ALL.into_iter().all(|grade| fixed(kind, grade).chars().count() <= THING));
        }
        assert_eq!(shortened(&"清原满族自治县清原镇、".repeat(3), 3), "清原满族自治县清原镇等3个地区");
    }
}
