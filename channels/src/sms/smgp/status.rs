//! What the gateway says about a request.

use super::super::wire::answers;

answers! {
    /// A Status (clause 6.2.6). Vendors have 128 to 255 for their own.
    Status(u32):
    Ok { OK = 0 "成功", }
    Repeated { SEQUENCE_REPEATED = 12 "序列号重复", }
    Busy {
        BUSY = 1 "系统忙",
        TOO_MANY_CONNECTIONS = 2 "超过最大连接数",
    }
    Account {
        IP_ADDRESS = 20 "IP地址错",
        AUTHENTICATION = 21 "认证错",
        VERSION_TOO_HIGH = 22 "版本太高",
        // What our configuration says, and every message with it.
        FEE_TYPE = 32 "非法资费类型",
        FEE_CODE = 33 "非法资费代码",
        FIXED_FEE = 40 "非法包月费/封顶费",
        SERVICE_ID = 43 "非法服务代码",
        SRC_TERM_ID = 46 "非法发送用户号码",
        SP_CODE = 49 "非法SP服务代码",
        SP_ID = 69 "非法SP企业代码",
        M_SERVICE_ID = 73 "非法业务代码（MServiceID）",
        // The trap of a warning by night: show it to the officer at once and have the account exempted beforehand.
        FORBIDDEN_HOUR = 74 "SP禁止下发时段",
        DAILY_QUOTA = 75 "SP发送超过日流量",
        ACCOUNT_EXPIRED = 76 "SP帐号过有效期",
    }
    Permanent {
        STRUCTURE = 10 "消息结构错",
        COMMAND = 11 "命令字错",
        MSG_TYPE = 30 "非法消息类型",
        PRIORITY = 31 "非法优先级",
        MSG_FORMAT = 34 "非法短消息格式",
        TIME_FORMAT = 35 "非法时间格式",
        MSG_LENGTH = 36 "非法短消息长度",
        EXPIRED = 37 "有效期已过",
        QUERY_TYPE = 38 "非法查询类别",
        ROUTE = 39 "路由错误",
        VALID_TIME = 44 "非法有效期",
        AT_TIME = 45 "非法定时发送时间",
        DEST_TERM_ID = 47 "非法接收用户号码",
        CHARGE_TERM_ID = 48 "非法计费用户号码",
        NO_ROUTE = 58 "没有匹配路由",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::wire::AnswerClass;

    #[test]
    fn a_busy_gateway_slows_down() {
        for code in [1, 2] {
            assert_eq!(Status(code).class(), AnswerClass::Busy);
        }
    }

    #[test]
    fn a_forbidden_hour_is_the_accounts_and_no_numbers_fault() {
        assert_eq!(Status::FORBIDDEN_HOUR.class(), AnswerClass::Account);
        assert_eq!(Status(74).to_string(), "74 SP禁止下发时段");
        assert_eq!(Status::DEST_TERM_ID.class(), AnswerClass::Permanent);
    }

    #[test]
    fn a_vendors_code_keeps_its_number() {
        assert_eq!((Status(200).class(), Status(200).to_string()), (AnswerClass::Temporary, "200".into()));
    }
}
