//! What an address must look like before a channel may be asked to use it. Judges form only; whether anybody
//! answers is the gateway's to say.

use super::RowProblem;
use mingluo_model::address::Address;

/// A mainland mobile number in E.164. Accepts eleven digits that start with 13 to 19 (Chinese numbering plan,
/// 移动通信网号), with or without `+86` or `86`.
///
/// # Errors
/// [`RowProblem::BadPhone`].
pub fn phone(text: &str) -> Result<Address, RowProblem> {
    let national = match text.len() {
        14 => text.strip_prefix("+86"),
        13 => text.strip_prefix("86"),
        11 => Some(text),
        _ => None,
    };
    let well_formed = |digits: &&str| {
        let bytes = digits.as_bytes();
        bytes.iter().all(u8::is_ascii_digit) && bytes[0] == b'1' && bytes[1] >= b'3'
    };
    let digits = national.filter(well_formed).ok_or(RowProblem::BadPhone)?;
    Ok(Address::new(format!("+86{digits}")))
}

/// An open id: 28 characters as a rule, but no document promises it, so 6 to 64 of its alphabet will do.
pub(super) fn open_id(text: &str) -> Result<Address, RowProblem> {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = (6..=64).contains(&text.len()) && text.bytes().all(alphabet);
    if good { Ok(Address::new(text)) } else { Err(RowProblem::BadOpenId) }
}

/// A WeCom member's `UserID`: 1 to 64 letters, digits and `_-@.`, the first a letter or digit; capitals and small letters
/// are the same to the platform (企业微信开发者中心, 创建成员), and small here.
pub(super) fn user_id(text: &str) -> Result<Address, RowProblem> {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@.".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let good = begins && text.len() <= 64 && text.bytes().all(alphabet);
    if good { Ok(Address::new(text.to_ascii_lowercase())) } else { Err(RowProblem::BadUserId) }
}

/// The name of a group's robot as the configuration has it, never its key: 1 to 64 letters, digits, `-` and `_`.
pub(super) fn robot(text: &str) -> Result<Address, RowProblem> {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = (1..=64).contains(&text.len()) && text.bytes().all(alphabet);
    if good { Ok(Address::new(text)) } else { Err(RowProblem::BadRobot) }
}

/// A mailbox `local@domain` with the lengths of RFC 5321 clause 4.5.3.1, unquoted.
pub(super) fn mailbox(text: &str) -> Result<Address, RowProblem> {
    let (local, domain) = text.split_once('@').ok_or(RowProblem::BadMailbox)?;
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let local_good =
        local.len() <= 64 && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
    let domain_good = domain.contains('.') && domain.split('.').all(label);
    let good = text.len() <= 254 && local_good && domain_good;
    if good { Ok(Address::new(text)) } else { Err(RowProblem::BadMailbox) }
}

/// One label of a domain (RFC 1035 clause 2.3.1, digits first allowed by RFC 1123).
fn label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A box's resource code: 23 digits (GD/J 080).
pub(super) fn speaker_code(text: &str) -> Result<Address, RowProblem> {
    let good = text.len() == 23 && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { Ok(Address::new(text)) } else { Err(RowProblem::BadSpeakerCode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form_however_it_was_written() {
        for text in ["19730601234", "8619730601234", "+8619730601234"] {
            assert_eq!(phone(text).unwrap().expose(), "+8619730601234");
        }
        for text in
            ["", "1973060123", "12345678901", "29730601234", "+8519730601234", "1973060123x", "１９７３"]
        {
            assert_eq!(phone(text), Err(RowProblem::BadPhone), "{text}");
        }
    }

    #[test]
    fn a_mailbox_that_no_server_would_take_is_refused() {
        assert!(mailbox("duty.officer+1@qingyuan.gov.cn").is_ok());
        for text in
            ["duty", "@a.cn", "a@b", "a@@b.cn", "a b@c.cn", "a..b@c.cn", "a@-c.cn", "值班@c.cn", "a@c..cn"]
        {
            assert_eq!(mailbox(text), Err(RowProblem::BadMailbox), "{text}");
        }
        assert_eq!(mailbox(&format!("a@{}cn", "b.".repeat(130))), Err(RowProblem::BadMailbox));
    }

    #[test]
    fn a_members_id_has_one_form_and_a_key_is_no_robots_name() {
        assert_eq!(user_id("ZhangSan@dz.gov").unwrap().expose(), "zhangsan@dz.gov");
        for text in ["", "-zhang", "张三", "a|b", "a b", &"a".repeat(65)] {
            assert_eq!(user_id(text), Err(RowProblem::BadUserId), "{text}");
        }
        assert!(robot("dongzhou-duty").is_ok());
        let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a";
        for text in ["", address, "值班群"] {
            assert_eq!(robot(text), Err(RowProblem::BadRobot), "{text}");
        }
    }

    #[test]
    fn open_ids_and_box_codes_are_told_by_length_and_alphabet() {
        assert!(open_id("oABC-def_1234567890abcdefghi").is_ok());
        assert_eq!(open_id("o1 23456"), Err(RowProblem::BadOpenId));
        assert!(speaker_code("34210423100201000000101").is_ok());
        assert_eq!(speaker_code("3421042310020100000010"), Err(RowProblem::BadSpeakerCode));
    }
}
