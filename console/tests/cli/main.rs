//! Stories of an administrator at the command line: the program itself, a configuration in a folder of its own, SQLite.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop the test where they cannot go on")]

mod boxes;
mod calls;
mod check;
mod clips;
mod desk;
mod import;
mod keys;
mod living;
mod officers;
mod readme;
mod registry;
mod sm2;
mod village;
mod webhooks;
