//! What a node says about a command, and a report about a message.

use bytes::{BufMut, BytesMut};

use super::super::wire::{DecodeError, Fields, answers};

answers! {
    /// A Result or ErrorCode (clause 5.2): up to 20 mostly in responses, above mostly in reports.
    CommandResult(u8):
    Ok { OK = 0 "无错误，命令正确接收", }
    Busy {
        TOO_MANY_CONNECTIONS = 3 "连接过多",
        NODE_BUSY = 11 "节点忙",
        CENTRE_FULL = 33 "短信中心队列满",
    }
    Account {
        LOGIN = 1 "非法登录，登录名、口令出错或不符",
        LOGIN_TYPE = 4 "登录类型错",
    }
    Temporary {
        LOGIN_TWICE = 2 "重复登录",
        // The same command again is dropped without a word (clause 3.7.2.4.3): this one was another's.
        SEQUENCE = 9 "非法序列号，序列号重复或格式错误",
        UNREACHABLE = 21 "目的地址不可达",
        PHONE_OFF = 25 "用户不能通信，不在服务区或未开机",
        MEMORY_FULL = 26 "手机内存不足",
        PHONE_ERROR = 28 "手机接收短消息出现错误",
        SYSTEM_FAILURE = 32 "系统失败",
    }
    Permanent {
        PARAMETER = 5 "参数格式错",
        NUMBER = 6 "非法手机号码，或号码前未加86",
        COMMAND = 7 "消息ID错",
        LENGTH = 8 "信息长度错",
        GNS = 10 "非法操作GNS",
        ROUTE_WRONG = 22 "路由错",
        ROUTE_MISSING = 23 "路由不存在",
        CHARGE_NUMBER = 24 "计费号码无效",
        NO_SMS = 27 "手机不支持短消息",
        UNKNOWN_USER = 29 "不知道的用户",
        NOT_OFFERED = 30 "不提供此功能",
        ILLEGAL_DEVICE = 31 "非法设备",
    }
}

impl CommandResult {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let result = Self(fields.u8("Result")?);
        fields.last::<8>("Reserve")?;
        Ok(result)
    }

    pub(super) fn put(self, out: &mut BytesMut) {
        out.put_u8(self.0);
        out.put_u64(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::wire::AnswerClass;

    #[test]
    fn a_busy_node_slows_down_and_a_number_without_86_is_for_good() {
        for code in [11, 33] {
            assert_eq!(CommandResult(code).class(), AnswerClass::Busy);
        }
        assert_eq!(CommandResult::NUMBER.class(), AnswerClass::Permanent);
        assert_eq!(CommandResult(1).class(), AnswerClass::Account);
        assert_eq!(CommandResult(99).class(), AnswerClass::Temporary);
    }

    /// One implementation numbers the codes from 21 on twelve too high.
    #[test]
    fn a_phone_that_is_off_has_code_25() {
        assert_eq!(CommandResult(25).to_string(), "25 用户不能通信，不在服务区或未开机");
    }
}
