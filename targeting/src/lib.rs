//! Who must hear a warning. Division lists, a group table and a roster go in; an audience with head-counts and
//! the sets to send to come out. Pure: no socket, SQL, runtime or clock, and no address leaves but in a block.
//!
//! The cast: a [`gazetteer::Gazetteer`] is the tree of divisions and answers for every code that comes from
//! outside. A [`groups::GroupTable`] names the groups (人群) and says who answers for others. A roster file is read
//! by [`roster::read_recipients`], row by row. An [`edition::EditionBuilder`] makes of the rows an immutable
//! edition, sorted by village, so that a region is one range of ordinals. [`resolve::resolve`] answers regions x
//! groups x channels with set arithmetic over the edition's index. A [`carriers::NumberPlan`] says whose network a mobile
//! number is in.
//!
//! The promises: head-counts never look at a person; a stored index that was damaged is an error, never a panic; a
//! bad row is named by line, field and fix, its personal data masked; speaker boxes are recipients like people.

pub mod carriers;
mod columns;
pub mod edition;
pub mod gazetteer;
pub mod groups;
pub mod resolve;
pub mod roster;
mod telling;
