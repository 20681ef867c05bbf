//! The stories: a whole city in one process, and the rules of the house.

mod browser;
mod house;
mod stories;
