//! The codecs, from their own source, which is formatted where it lives.

#[path = "../../src/sms/cmpp/mod.rs"]
#[rustfmt::skip]
pub mod cmpp;

#[path = "../../src/sms/segment/mod.rs"]
#[rustfmt::skip]
pub mod segment;

#[path = "../../src/sms/sgip/mod.rs"]
#[rustfmt::skip]
pub mod sgip;

#[path = "../../src/sms/smgp/mod.rs"]
#[rustfmt::skip]
pub mod smgp;

#[path = "../../src/sms/smpp/mod.rs"]
#[rustfmt::skip]
pub mod smpp;

#[path = "../../src/sms/wire/mod.rs"]
#[rustfmt::skip]
pub mod wire;
