//! What the provider's codes mean (阿里云短信服务, API 错误码; 公共错误码). Pure. The code alone is kept: its words may quote a
//! number.
//!
//! A code that blames the request (`isv.…`, `Invalid…`, `Missing…`, `Forbidden…`) says that nothing was sent. One that blames
//! the provider, or that is in no list, says nothing of the kind: the message may be on its way, so it is lost, not refused.

use mingluo_model::delivery::Reason;

use crate::sms::cloud::fault::Fault;

/// Codes that say that the keys or the clock are wrong, whatever was asked.
pub(super) fn is_about_keys(code: &str) -> bool {
    code.starts_with("InvalidAccessKeyId")
        || code.starts_with("InvalidTimeStamp")
        || matches!(code, "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSecurityToken.Expired")
}

/// Codes that say that the account has no such template (该账号下找不到对应模板).
pub(super) fn is_about_template(code: &str) -> bool {
    code == "isv.SMS_TEMPLATE_ILLEGAL"
}

/// What becomes of a call that was answered so.
pub(super) fn fault(code: &str) -> Fault {
    if code.starts_with("Throttling") {
        return Fault::THROTTLED;
    }
    if let Some(detail) = refused(code) {
        return Fault::Refused(format!("{code}: {detail}"));
    }
    match code {
        "isv.MOBILE_NUMBER_ILLEGAL" => Fault::number(Reason::BadAddress, code),
        // Too often to this number today; which number is not said. For now it is final: other channels can take over.
        "isv.BUSINESS_LIMIT_CONTROL" => Fault::number(Reason::Quota, code),
        "isv.BLACK_KEY_CONTROL_LIMIT"
        | "isv.SMS_CONTENT_ILLEGAL"
        | "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE"
        | "isv.PARAM_LENGTH_LIMIT"
        | "isv.PARAM_NOT_SUPPORT_URL"
        | "isv.INVALID_JSON_PARAM"
        | "isv.TEMPLATE_MISSING_PARAMETERS"
        | "isv.TEMPLATE_PARAMS_ILLEGAL" => Fault::permanent(Reason::Content, code),
        "isv.DAY_LIMIT_CONTROL"
        | "isv.MONTH_LIMIT_CONTROL"
        | "isv.OUT_OF_SERVICE"
        | "isv.AMOUNT_NOT_ENOUGH" => Fault::permanent(Reason::Quota, code),
        // Template or signature not registered, account stopped, wrong parameters: an operator must act.
        _ if code.starts_with("isv.") => Fault::permanent(Reason::NotAllowed, code),
        // The request itself is refused at the door, by the provider's gateway.
        _ if ["Invalid", "Missing", "Unsupported"].iter().any(|blame| code.starts_with(blame)) => {
            Fault::temporary(Reason::FarFault, code)
        }
        // isp.SYSTEM_ERROR, isp.GATEWAY_TIMEOUT, isp.UNKNOWN_ERR, InternalError, ServiceUnavailable; SignatureNonceUsed:
        // the very same call came before; and what is not listed.
        _ => Fault::Lost,
    }
}

/// What an operator must do when the account is not let in.
fn refused(code: &str) -> Option<&'static str> {
    Some(match code {
        _ if code.starts_with("InvalidAccessKeyId") => {
            "AccessKey ID 不存在或已停用 access_key_id is unknown or disabled"
        }
        "SignatureDoesNotMatch" | "IncompleteSignature" => {
            "密钥不符 the secret in access_key_secret_file is not that of access_key_id"
        }
        _ if code.starts_with("InvalidTimeStamp") => {
            "本机时钟不准 this machine's clock is wrong; set it right"
        }
        "isp.RAM_PERMISSION_DENY" | "NoPermission" => {
            "RAM 用户无发送权限 the RAM user may not send; give it AliyunDysmsFullAccess"
        }
        _ if code.starts_with("Forbidden") => {
            "RAM 用户无发送权限 the RAM user may not send; give it AliyunDysmsFullAccess"
        }
        "isv.DENY_IP_RANGE" => {
            "来源地址不允许 calls from this address are refused; see the console's white list"
        }
        "isv.ACCOUNT_NOT_EXISTS" | "isv.ACCOUNT_ABNORMAL" => "账户异常 the account is unknown or blocked",
        "isv.PRODUCT_UN_SUBSCRIPT" => "未开通短信服务 the account has no short message service",
        _ => return None,
    })
}
