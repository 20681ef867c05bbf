//! What the gateway says about a command.

use bytes::{BufMut, BytesMut};

use super::{
    super::wire::{DecodeError, Fields, answers},
    Version,
};

answers! {
    /// The Result of SUBMIT_RESP and DELIVER_RESP (clauses 8.4.3.2 and 8.4.5.2). Vendors have 100 to 199 for
    /// their own (clause 8.7.2).
    CommandResult(u32):
    Ok { OK = 0 "正确", }
    Repeated { SEQUENCE_REPEATED = 3 "消息序号重复", }
    Busy { FLOW_CONTROL = 8 "流量控制错", }
    // What our configuration says, and every message with it.
    Account {
        FEE_CODE = 5 "资费代码错",
        SERVICE_ID = 7 "业务代码错",
        SRC_ID = 10 "Src_Id错误",
        MSG_SRC = 11 "Msg_src错误",
    }
    Permanent {
        STRUCTURE = 1 "消息结构错",
        COMMAND = 2 "命令字错",
        LENGTH = 4 "消息长度错",
        TOO_LONG = 6 "超过最大信息长",
        FEE_NUMBER_ELSEWHERE = 9 "本网关不负责服务此计费号码",
        FEE_TERMINAL = 12 "Fee_terminal_Id错误",
        DEST_TERMINAL = 13 "Dest_terminal_Id错误",
    }
}

answers! {
    /// The Status of CONNECT_RESP (clause 8.4.1.2); 5 and above are other errors.
    ConnectStatus(u32):
    Ok { OK = 0 "正确", }
    Permanent { STRUCTURE = 1 "消息结构错", }
    Account {
        SOURCE_ADDRESS = 2 "非法源地址",
        AUTHENTICATION = 3 "认证错",
        VERSION_TOO_HIGH = 4 "版本太高",
    }
    Temporary { OTHER = 5 "其他错误", }
}

/// Reads a Result of one octet or four, whichever the rest of the body is: a gateway may answer in the layout
/// of its own version.
pub(super) fn take_result(mut fields: Fields, field: &'static str) -> Result<(u32, Version), DecodeError> {
    let version = if fields.left() < Version::V30.result_width() { Version::V20 } else { Version::V30 };
    let result = match version {
        Version::V20 => u32::from(fields.u8(field)?),
        Version::V30 => fields.u32(field)?,
    };
    fields.end(field)?;
    Ok((result, version))
}

/// Writes a Result; one that 2.0 has no room for becomes 255, still an error.
pub(super) fn put_result(result: u32, version: Version, out: &mut BytesMut) {
    match version {
        Version::V20 => out.put_u8(u8::try_from(result).unwrap_or(u8::MAX)),
        Version::V30 => out.put_u32(result),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::wire::AnswerClass;

    #[test]
    fn flow_control_slows_down_and_a_repeated_sequence_was_taken() {
        assert_eq!(CommandResult::FLOW_CONTROL.class(), AnswerClass::Busy);
        assert_eq!(CommandResult(3).class(), AnswerClass::Repeated);
        assert_eq!(CommandResult(13).class(), AnswerClass::Permanent);
        assert_eq!(CommandResult(10).class(), AnswerClass::Account);
    }

    #[test]
    fn a_vendors_code_keeps_its_number_and_may_pass_later() {
        assert_eq!(
            (CommandResult(101).class(), CommandResult(101).meaning()),
            (AnswerClass::Temporary, None)
        );
        assert_eq!(CommandResult(101).to_string(), "101");
        assert_eq!(CommandResult(8).to_string(), "8 流量控制错");
    }

    #[test]
    fn a_refused_login_waits_for_a_person() {
        assert_eq!(ConnectStatus::AUTHENTICATION.class(), AnswerClass::Account);
        assert_eq!(ConnectStatus(9).class(), AnswerClass::Temporary);
    }
}
