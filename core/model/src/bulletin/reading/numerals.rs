//! Numbers as Chinese words.

/// The ten figures.
const FIGURES: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
/// Beyond this a number is read figure by figure: nobody counts so far in a warning.
const MOST: u64 = 999_999_999_999;

/// A whole number: 一百零五. `None` when it has more than twelve figures.
pub(super) fn cardinal(digits: &str) -> Option<String> {
    let value: u64 = digits.parse().ok().filter(|value| *value <= MOST)?;
    if value == 0 {
        return Some("零".to_owned());
    }
    let groups = [(value / 100_000_000, "亿"), (value / 10_000 % 10_000, "万"), (value % 10_000, "")];
    let mut out = String::new();
    // A zero is said once where figures are missing between two that are there.
    let mut gap = false;
    for (group, name) in groups {
        if group == 0 {
            gap |= !out.is_empty();
            continue;
        }
        if !out.is_empty() && (gap || group < 1_000) {
            out.push('零');
        }
        gap = false;
        below_ten_thousand(group, &mut out);
        out.push_str(name);
    }
    // 十五, not 一十五, at the beginning.
    Some(out.strip_prefix("一十").map_or(out.clone(), |rest| format!("十{rest}")))
}

fn below_ten_thousand(value: u64, out: &mut String) {
    let mut begun = false;
    let mut gap = false;
    for (place, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let figure = value / place % 10;
        if figure == 0 {
            gap |= begun;
            continue;
        }
        if gap {
            out.push('零');
        }
        gap = false;
        begun = true;
        out.push(FIGURES[figure as usize]);
        out.push_str(name);
    }
}

/// Figure by figure, as years are read: 二零二六.
pub(super) fn figures(digits: &str) -> String {
    digits.chars().filter_map(|digit| digit.to_digit(10)).map(|digit| FIGURES[digit as usize]).collect()
}

/// Figure by figure, as telephone numbers are read: one is 幺, so that it is not taken for 七.
pub(super) fn telephone(digits: &str) -> String {
    figures(digits).replace('一', "幺")
}

/// A number with or without a fraction: 三点五.
pub(super) fn number(whole: &str, fraction: Option<&str>) -> String {
    let whole = cardinal(whole).unwrap_or_else(|| figures(whole));
    match fraction {
        Some(fraction) => format!("{whole}点{}", figures(fraction)),
        None => whole,
    }
}
