//! What the provider's codes mean (腾讯云短信 API 3.0 发送错误码; 公共错误码), for a whole call and for one number alike. Pure.
//!
//! A code that blames the request says that nothing was sent. One that blames the provider (`InternalError…`), a
//! `FailedOperation…` that does not say what failed, and whatever is in no list, says nothing of the kind: the message may be
//! on its way, so it is lost, not refused.

use mingluo_model::delivery::Reason;

use crate::sms::cloud::fault::Fault;

/// Codes that say that the keys or the clock are wrong, whatever was asked.
pub(super) fn is_about_keys(code: &str) -> bool {
    code.starts_with("AuthFailure") && code != "AuthFailure.UnauthorizedOperation"
}

/// Codes that say that the template is not approved, or not known.
pub(super) fn is_about_template(code: &str) -> bool {
    matches!(
        code,
        "FailedOperation.TemplateIncorrectOrUnapproved" | "FailedOperation.TemplateUnapprovedOrNotExist"
    )
}

/// What becomes of a call or a number that was answered so.
pub(super) fn fault(code: &str) -> Fault {
    if let Some(detail) = refused(code) {
        return Fault::Refused(format!("{code}: {detail}"));
    }
    match code {
        "RequestLimitExceeded" | "LimitExceeded.DeliveryFrequencyLimit" => Fault::THROTTLED,
        _ if code.starts_with("RequestLimitExceeded.") => Fault::THROTTLED,
        "InvalidParameterValue.IncorrectPhoneNumber" | "FailedOperation.PhoneNumberParseFail" => {
            Fault::number(Reason::BadAddress, code)
        }
        "FailedOperation.PhoneNumberInBlacklist" => Fault::number(Reason::Blocked, code),
        "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"
        | "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone" => {
            Fault::number(Reason::NotAllowed, code)
        }
        "LimitExceeded.PhoneNumberThirtySecondLimit"
        | "LimitExceeded.PhoneNumberOneHourLimit"
        | "LimitExceeded.PhoneNumberDailyLimit"
        | "LimitExceeded.PhoneNumberSameContentDailyLimit" => Fault::number(Reason::Quota, code),
        "FailedOperation.ContainSensitiveWord"
        | "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        | "InvalidParameterValue.ContentLengthLimit"
        | "InvalidParameterValue.TemplateParameterLengthLimit"
        | "InvalidParameterValue.TemplateParameterFormatError"
        | "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter" => {
            Fault::permanent(Reason::Content, code)
        }
        "FailedOperation.InsufficientBalanceInSmsPackage" => Fault::permanent(Reason::Quota, code),
        _ if code.starts_with("LimitExceeded.") => Fault::permanent(Reason::Quota, code),
        // The request was turned away before anything was done with it.
        "InternalError.RestApiInterfaceNotExist"
        | "InternalError.SigFieldMissing"
        | "InternalError.SigVerificationFail"
        | "NoSuchVersion" => Fault::temporary(Reason::FarFault, code),
        // Not approved, or not in this form, at this hour: an operator must act.
        "FailedOperation.SignatureIncorrectOrUnapproved"
        | "FailedOperation.TemplateIncorrectOrUnapproved"
        | "FailedOperation.TemplateUnapprovedOrNotExist"
        | "FailedOperation.MarketingSendTimeConstraint"
        | "FailedOperation.JsonParseFail"
        | "FailedOperation.FailResolvePacket" => Fault::permanent(Reason::NotAllowed, code),
        // Application unknown, wrong parameters: an operator must act.
        _ if ["Invalid", "Missing", "Unsupported", "Unauthorized"]
            .iter()
            .any(|blame| code.starts_with(blame)) =>
        {
            Fault::permanent(Reason::NotAllowed, code)
        }
        // InternalError.Timeout, .SendAndRecvFail, .OtherError and so on; and what is not listed.
        _ => Fault::Lost,
    }
}

/// What an operator must do when the account is not let in.
fn refused(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthFailure.SignatureFailure" => "密钥不符 the key in secret_key_file is not that of secret_id",
        "AuthFailure.SecretIdNotFound" | "AuthFailure.InvalidSecretId" => {
            "SecretId 不存在或已停用 secret_id is unknown or disabled"
        }
        "AuthFailure.SignatureExpire" => "本机时钟不准 this machine's clock is wrong; set it right",
        "UnauthorizedOperation.RequestIpNotInWhitelist" => {
            "来源地址不允许 calls from this address are refused; see the console's white list"
        }
        "UnauthorizedOperation.SmsSdkAppIdVerifyFail" | "UnauthorizedOperation.SdkAppIdIsDisabled" => {
            "sdk_app_id 不属于此账号或已停用 sdk_app_id is not this account's, or is disabled"
        }
        "UnauthorizedOperation.ServiceSuspendDueToArrears" => "欠费停用 the account is in arrears; pay it up",
        _ if code.starts_with("AuthFailure")
            || code.starts_with("UnauthorizedOperation.RequestPermissionDeny") =>
        {
            "子账号无短信权限 the sub-account may not send; give it QcloudSMSFullAccess"
        }
        _ => return None,
    })
}
