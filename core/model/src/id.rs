//! Names of things that leave the process: UUID version 7 (RFC 9562), typed, made from a clock and a
//! source of chance that are handed in.

use crate::clock::Timestamp;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

fn version_7(at: Timestamp, chance: &mut dyn RngCore) -> Uuid {
    let mut tail = [0_u8; 10];
    chance.fill_bytes(&mut tail);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.0).unwrap_or(0), &tail).into_uuid()
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id; ids made later sort later.
            pub fn new(at: Timestamp, chance: &mut dyn RngCore) -> Self {
                Self(version_7(at, chance))
            }

            /// Its sixteen octets.
            pub const fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// The id of these octets.
            pub const fn from_bytes(octets: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(octets))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

typed_id! {
    /// A warning (预警) in one revision; updates and lifts are warnings of their own, linked to the first.
    AlertId;
    /// One message on one channel to one set of people.
    PlanId;
    /// An organisation (机构) that owns things.
    OrgId;
    /// A person who works with the console.
    OfficerId;
    /// An immutable snapshot of the roster.
    EditionId;
    /// A call to the responsible persons of one division about one warning (叫应).
    CallId;
    /// What one person is asked to answer, in whatever messages; links name it.
    AskId;
    /// One run of a dispatching process; streams of the log are keyed by it.
    NodeId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn later_ids_sort_later_and_read_back() {
        let mut chance = StdRng::seed_from_u64(7);
        let first = AlertId::new(Timestamp(1_000), &mut chance);
        let second = AlertId::new(Timestamp(2_000), &mut chance);
        assert!(first < second);
        assert_eq!(first.to_string().parse::<AlertId>().unwrap(), first);
        assert_eq!(AlertId::from_bytes(first.bytes()), first);
    }
}
