//! Points, polygons and circles as CAP writes them: degrees WGS-84, latitude first (standard, 3.2.4).
//!
//! It reads and writes their text. Whether a line crosses itself, which way it turns and who lives inside is
//! not known here.

use std::fmt;

use super::{Forgiven, SPACE};

/// A place in degrees WGS-84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Latitude, -90 to 90, north positive.
    pub lat: f64,
    /// Longitude, -180 to 180, east positive.
    pub lon: f64,
}

/// A closed line round an area: at least four points, the last equal to the first, either way round.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// The corners with the closing point.
    pub points: Vec<Point>,
}

/// A disc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Latitude of the centre, degrees.
    pub lat: f64,
    /// Longitude of the centre, degrees.
    pub lon: f64,
    /// Radius in kilometres; zero is a legal point.
    pub radius_km: f64,
}

impl Point {
    /// Whether both degrees lie on the globe.
    pub fn is_on_globe(self) -> bool {
        (-90.0..=90.0).contains(&self.lat) && (-180.0..=180.0).contains(&self.lon)
    }

    fn parse(text: &str) -> Option<Self> {
        let (lat, lon) = text.split_once(',')?;
        let point = Self { lat: number(lat)?, lon: number(lon)? };
        point.is_on_globe().then_some(point)
    }
}

impl Polygon {
    /// The fewest points of a closed line: a triangle and its closing point (3.2.4).
    pub const POINTS_MIN: usize = 4;

    /// Whether the last point is the first.
    pub fn is_closed(&self) -> bool {
        self.points.first() == self.points.last()
    }

    /// Reads a line of points; an open one is closed, a closing point said twice is said once.
    pub(super) fn parse(text: &str) -> Option<(Self, Vec<Forgiven>)> {
        let points: Option<Vec<_>> =
            text.split(SPACE).filter(|it| !it.is_empty()).map(Point::parse).collect();
        let mut polygon = Self { points: points? };
        let mut slips = Vec::new();
        if !polygon.is_closed() {
            polygon.points.extend(polygon.points.first().copied());
            slips.push(Forgiven::PolygonClosed);
        }
        if polygon.drop_doubled_closing() {
            slips.push(Forgiven::DoubledClosingPoint);
        }
        (polygon.points.len() >= Self::POINTS_MIN).then_some((polygon, slips))
    }

    fn drop_doubled_closing(&mut self) -> bool {
        let before = self.points.len();
        while matches!(self.points.as_slice(), [.., a, b] if a == b) {
            self.points.pop();
        }
        self.points.len() < before
    }
}

impl Circle {
    /// The middle.
    pub const fn centre(self) -> Point {
        Point { lat: self.lat, lon: self.lon }
    }

    /// Reads `lat,lon radius`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (centre, radius) = text.split_once(SPACE)?;
        let Point { lat, lon } = Point::parse(centre)?;
        let radius_km = number(radius.trim_matches(SPACE)).filter(|it| *it >= 0.0)?;
        Some(Self { lat, lon, radius_km })
    }
}

/// A decimal number as XML Schema has it: no exponent, no infinity (XML Schema part 2, 3.2.3).
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    text.parse::<f64>().ok().filter(|it| plain && it.is_finite())
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.lat, self.lon)
    }
}

impl fmt::Display for Polygon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, point) in self.points.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{point}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.centre(), self.radius_km)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reread(text: &str) -> Option<(String, Vec<Forgiven>)> {
        Polygon::parse(text).map(|(polygon, slips)| (polygon.to_string(), slips))
    }

    #[test]
    fn a_closed_line_is_kept_as_drawn() {
        let text = "38.47,-120.14 38.34,-119.95 38.52,-119.74 38.47,-120.14";
        assert_eq!(reread(text), Some((text.to_owned(), vec![])));
    }

    #[test]
    fn the_closing_point_is_added_once_and_only_once() {
        let closed = "1,1 1,2 2,2 1,1".to_owned();
        assert_eq!(reread("1,1 1,2\n2,2"), Some((closed.clone(), vec![Forgiven::PolygonClosed])));
        assert_eq!(reread("1,1 1,2 2,2 1,1 1,1"), Some((closed, vec![Forgiven::DoubledClosingPoint])));
    }

    #[test]
    fn a_line_that_is_no_area_is_refused() {
        for text in ["", "1,1", "1,1 2,2 1,1", "1,1 1,2 2,x 1,1", "91,1 1,2 2,2 91,1", "NaN,1 1,2 2,2 1e0,1"]
        {
            assert_eq!(reread(text), None, "{text}");
        }
    }

    #[test]
    fn a_circle_of_no_radius_is_a_point() {
        assert_eq!(Circle::parse("32.9525,-115.5527 0").unwrap().to_string(), "32.9525,-115.5527 0");
        for text in ["32.9,-115.5", "32.9,-115.5 -1", "32.9,-115.5 inf", "32.9 -115.5 1"] {
            assert_eq!(Circle::parse(text), None, "{text}");
        }
    }
}
