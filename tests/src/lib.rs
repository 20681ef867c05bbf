//! Placeholder.
pub mod residents;
pub mod sim_boxes;
#[cfg(test)]
mod sim_courier;
pub mod sim_journal;
pub mod sim_mail;
pub mod sim_smsc;
pub mod sim_stage;
pub mod sim_wechat;
