//! An edition (名册版本): the roster frozen and sorted by village, so that any region is one range of ordinals and
//! a set of recipients is a bitmap. Addresses lie in arenas, one for each channel, until they leave in blocks; the
//! index that stays in memory holds none.

mod block;
mod bytes;
mod draft;
mod index;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use block::{BLOCK, BlockPlain, ColumnError, decode_column};
pub use bytes::IndexError;
pub use draft::{EditionBuilder, EditionDraft, EditionError};
pub use index::{EditionIndex, VillageRange};
