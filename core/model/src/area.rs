//! Where a warning holds: divisions by code, and shapes where codes are too coarse.

use crate::region::RegionCode;
use serde::{Deserialize, Serialize};

/// The area of a warning (影响区域). Regions and shapes add up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Divisions, the most endangered first: sending begins with them.
    pub regions: Vec<RegionCode>,
    /// Shapes in degrees WGS-84 (equal to CGCS2000 at this scale).
    pub shapes: Vec<Shape>,
    /// The words for the area that people read (清原镇、红透山镇).
    pub described: String,
}

/// A shape on the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A closed ring of (latitude, longitude) degrees; the first point is repeated at the end.
    Polygon(Vec<(f64, f64)>),
    /// A centre in degrees and a radius in kilometres (CAP 1.2 clause 3.2.4).
    Circle {
        /// Latitude in degrees, -90 to 90.
        lat: f64,
        /// Longitude in degrees, -180 to 180.
        lon: f64,
        /// Radius in kilometres; zero is a point.
        radius_km: f64,
    },
}
