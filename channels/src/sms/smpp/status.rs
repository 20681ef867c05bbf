//! What the other side says about a command (clause 5.1.3).

use std::fmt;

/// The `command_status` of a PDU, any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CommandStatus(pub u32);

/// What a status means to the one who sent the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// Done.
    Ok,
    /// Too fast (流控): slow the account down and send the same again.
    Throttled,
    /// May succeed later: try the same again a few times.
    Temporary,
    /// This message will never pass as it is.
    Permanent,
    /// The session is not in the state the command needs: bind anew.
    NotBound,
    /// The bind was refused for now: wait, then bind again.
    BindFailed,
    /// The account's name, password or type is wrong: do not hammer, a person must look.
    BadCredentials,
    /// The centre's own code 0x400..=0x4FF; the contract with it says what it means.
    Vendor,
}

/// Declares the statuses once: the constant, its code and its class.
macro_rules! statuses {
    ($($class:ident: $($name:ident = $code:literal),+;)+) => {
        #[expect(missing_docs, reason = "the names are the standard's own and are explained in clause 5.1.3")]
        impl CommandStatus {
            $($(pub const $name: Self = Self($code);)+)+
        }

        impl CommandStatus {
            /// The standard's name, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($($code => Some(concat!("ESME_", stringify!($name))),)+)+
                    _ => None,
                }
            }

            /// What to do about it. A code nobody has named counts as [`StatusClass::Temporary`]:
            /// a warning sent twice does less harm than one not sent.
            pub const fn class(self) -> StatusClass {
                match self.0 {
                    $($($code)|+ => StatusClass::$class,)+
                    0x400..=0x4FF => StatusClass::Vendor,
                    _ => StatusClass::Temporary,
                }
            }
        }
    };
}

statuses! {
    Ok: ROK = 0x00;
    Throttled: RMSGQFUL = 0x14, RTHROTTLED = 0x58;
    Temporary: RSYSERR = 0x08, RSUBMITFAIL = 0x45, RX_T_APPN = 0x64, RUNKNOWNERR = 0xFF;
    NotBound: RINVBNDSTS = 0x04;
    BindFailed: RALYBND = 0x05, RBINDFAIL = 0x0D;
    BadCredentials: RINVPASWD = 0x0E, RINVSYSID = 0x0F, RINVSYSTYP = 0x53;
    Permanent: RINVMSGLEN = 0x01, RINVCMDLEN = 0x02, RINVCMDID = 0x03, RINVPRTFLG = 0x06,
        RINVREGDLVFLG = 0x07, RINVSRCADR = 0x0A, RINVDSTADR = 0x0B, RINVMSGID = 0x0C,
        RCANCELFAIL = 0x11, RREPLACEFAIL = 0x13, RINVSERTYP = 0x15, RINVNUMDESTS = 0x33,
        RINVDLNAME = 0x34, RINVDESTFLAG = 0x40, RINVSUBREP = 0x42, RINVESMCLASS = 0x43,
        RCNTSUBDL = 0x44, RINVSRCTON = 0x48, RINVSRCNPI = 0x49, RINVDSTTON = 0x50,
        RINVDSTNPI = 0x51, RINVREPFLAG = 0x54, RINVNUMMSGS = 0x55, RINVSCHED = 0x61,
        RINVEXPIRY = 0x62, RINVDFTMSGID = 0x63, RX_P_APPN = 0x65, RX_R_APPN = 0x66,
        RQUERYFAIL = 0x67, RINVOPTPARSTREAM = 0xC0, ROPTPARNOTALLWD = 0xC1, RINVPARLEN = 0xC2,
        RMISSINGOPTPARAM = 0xC3, RINVOPTPARAMVAL = 0xC4, RDELIVERYFAILURE = 0xFE;
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#010x})", self.0),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_control_slows_down_and_is_no_failure() {
        for code in [0x14, 0x58] {
            assert_eq!(CommandStatus(code).class(), StatusClass::Throttled);
        }
    }

    #[test]
    fn a_wrong_password_is_told_from_a_busy_centre() {
        assert_eq!(CommandStatus(0x0E).class(), StatusClass::BadCredentials);
        assert_eq!(CommandStatus(0x0D).class(), StatusClass::BindFailed);
    }

    #[test]
    fn vendor_codes_keep_their_number() {
        assert_eq!(CommandStatus(0x400).class(), StatusClass::Vendor);
        assert_eq!(CommandStatus(0x4FF).to_string(), "0x000004ff");
        assert_eq!(CommandStatus(0x500).class(), StatusClass::Temporary);
    }

    #[test]
    fn a_status_prints_the_standards_name() {
        assert_eq!(CommandStatus::RTHROTTLED.to_string(), "ESME_RTHROTTLED (0x00000058)");
    }
}
