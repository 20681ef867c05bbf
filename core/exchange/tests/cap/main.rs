//! Stories and properties of the CAP reader and writer.

mod alerts;
mod hostile;
mod leniency;
mod round_trip;
mod samples;
mod schema;
mod strictness;
