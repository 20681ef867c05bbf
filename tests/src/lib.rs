//! A city to try things on: pretend residents, pretend gateways with fault knobs, and a whole city in one process for
//! stories. Everything here pretends, and says so on its face; nothing here is part of the product.

pub mod bench;
pub mod city;
mod issuer;
pub mod judge;
pub mod pi;
pub mod postfix;
pub mod postgres;
pub mod rehearse;
pub mod residents;
#[cfg(test)]
mod sim_ahead;
pub mod sim_boxes;
pub mod sim_cloud;
#[cfg(test)]
mod sim_courier;
pub mod sim_journal;
mod sim_limits;
pub mod sim_mail;
mod sim_push;
pub mod sim_robots;
mod sim_seal;
pub mod sim_smsc;
pub mod sim_stage;
pub mod sim_wechat;
pub mod sim_wecom;
#[cfg(test)]
mod spoken;
