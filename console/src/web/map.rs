//! The sketch of the city: county outlines out of the region pack, made into SVG once, and which of them a warning
//! holds in. A schematic picture, no survey; pages say so.

use super::{marks::GradeMark, voice::Voice};
use askama::Template;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{mode::ModeKind, region::RegionCode};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// Width of the drawing; its height follows from the outlines.
const WIDTH: f64 = 640.0;
const MARGIN: f64 = 12.0;

/// Outlines of counties (县区轮廓), ready to be drawn. Without a file there is none, and boards show no map.
#[derive(Default)]
pub(super) struct Sketch {
    height: f64,
    counties: Vec<County>,
    frame: Option<Frame>,
}

struct County {
    code: RegionCode,
    name: String,
    path: String,
    /// Where the name stands.
    at: (f64, f64),
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    code: RegionCode,
    name: String,
}

type Ring = Vec<(f64, f64)>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

impl Geometry {
    fn rings(&self) -> Vec<&Ring> {
        match self {
            Self::Polygon(rings) => rings.iter().collect(),
            Self::MultiPolygon(polygons) => polygons.iter().flatten().collect(),
        }
    }
}

impl Sketch {
    /// Reads the outlines of a region pack; a pack without them, or with a broken file, gives an empty sketch.
    pub(super) fn read(pack: &Path) -> Self {
        let file = pack.join("counties_cgcs2000.geojson");
        let Ok(text) = std::fs::read_to_string(&file) else { return Self::default() };
        match serde_json::from_str::<Collection>(&text) {
            Ok(collection) => Self::draw(&collection),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "the outlines cannot be read; the board has no map");
                Self::default()
            }
        }
    }

    fn draw(collection: &Collection) -> Self {
        let Some(frame) = Frame::around(collection) else { return Self::default() };
        let county = |feature: &Feature| {
            let rings = feature.geometry.rings();
            let largest = rings.iter().max_by_key(|ring| ring.len())?;
            Some(County {
                code: feature.properties.code,
                name: feature.properties.name.clone(),
                path: rings.iter().map(|ring| frame.path(ring)).collect(),
                at: frame.middle(largest),
            })
        };
        let counties = collection.features.iter().filter_map(county).collect();
        Self { height: frame.height(), counties, frame: Some(frame) }
    }

    /// The outlines to stand once in a page; maps that move refer to them by code and stay small.
    pub(super) fn outlines(&self) -> Outlines {
        let outline = |county: &County| (county.code.to_string(), county.path.clone());
        Outlines { paths: self.counties.iter().map(outline).collect() }
    }

    /// The map with the counties of these warnings marked, the gravest first.
    pub(super) fn map(&self, voice: &Voice, mode: ModeKind, in_force: &[&StoredAlert]) -> Option<Map> {
        if self.counties.is_empty() {
            return None;
        }
        let marks = holds(in_force);
        let shape = |county: &County| {
            let code = county.code.to_string();
            let mark = marks.iter().find(|(code, _)| code.touches(county.code));
            let n = |alert: &StoredAlert| match mode {
                ModeKind::Live => 5 - alert.content.grade.rank(),
                ModeKind::Drill => 0,
            };
            Shape {
                code,
                name: county.name.clone(),
                x: county.at.0.round(),
                y: county.at.1.round(),
                mark: mark.map(|(code, alert)| Mark {
                    n: n(alert),
                    is_whole: code.contains(county.code),
                    words: format!(
                        "{} {}",
                        GradeMark::new(voice, alert.content.grade).roman,
                        voice.hazard(&alert.content.hazard)
                    ),
                }),
            }
        };
        let shapes = self.counties.iter().map(shape).collect();
        Some(Map { height: self.height.ceil(), shapes, label: voice.say("web-map") })
    }
}

impl Sketch {
    /// The map of the boxes: a dot for each whose place is known, and by county how many can be counted on.
    pub(super) fn fleet(
        &self,
        voice: &Voice,
        dots: Vec<Dot>,
        by_county: &BTreeMap<RegionCode, (usize, usize)>,
    ) -> Option<FleetMap> {
        let frame = self.frame.as_ref()?;
        let county = |county: &County| {
            let (good, all) = by_county.get(&county.code).copied().unwrap_or_default();
            let (x, y) = (county.at.0.round(), county.at.1.round());
            let counts = if all == 0 { String::new() } else { format!("{good}/{all}") };
            FleetCounty { code: county.code.to_string(), name: county.name.clone(), counts, x, y }
        };
        let place = |dot: Dot| {
            let (x, y) = frame.place((dot.longitude, dot.latitude));
            (x.round(), y.round(), dot.word)
        };
        Some(FleetMap {
            height: self.height.ceil(),
            counties: self.counties.iter().map(county).collect(),
            dots: dots.into_iter().map(place).collect(),
            label: voice.say("web-box-map"),
        })
    }
}

/// A box on the map.
pub(super) struct Dot {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
    /// How it is: the dot's class.
    pub(super) word: &'static str,
}

/// The map of the boxes.
#[derive(Template)]
#[template(path = "fleet_map.html")]
pub(super) struct FleetMap {
    height: f64,
    counties: Vec<FleetCounty>,
    dots: Vec<(f64, f64, &'static str)>,
    label: String,
}

struct FleetCounty {
    code: String,
    name: String,
    counts: String,
    x: f64,
    y: f64,
}

/// Regions that warnings hold in, each with its warning, in the warnings' order.
fn holds<'a>(in_force: &[&'a StoredAlert]) -> Vec<(RegionCode, &'a StoredAlert)> {
    let regions = |alert: &&'a StoredAlert| {
        let alert: &'a StoredAlert = alert;
        alert.content.audience.regions.iter().map(move |code| (*code, alert))
    };
    in_force.iter().flat_map(regions).collect()
}

/// Outlines by code.
#[derive(Template)]
#[template(path = "outlines.html")]
pub(super) struct Outlines {
    paths: Vec<(String, String)>,
}

/// The map of one moment.
#[derive(Template)]
#[template(path = "map.html")]
pub(super) struct Map {
    height: f64,
    shapes: Vec<Shape>,
    label: String,
}

struct Shape {
    code: String,
    name: String,
    x: f64,
    y: f64,
    mark: Option<Mark>,
}

struct Mark {
    /// 1 red to 4 blue; 0 in a drill.
    n: u8,
    /// The whole county, or only some of its townships.
    is_whole: bool,
    words: String,
}

/// From degrees to the drawing: equirectangular around the middle, good enough for one city.
struct Frame {
    west: f64,
    north: f64,
    scale_x: f64,
    scale_y: f64,
    south: f64,
}

impl Frame {
    fn around(collection: &Collection) -> Option<Self> {
        let points = || collection.features.iter().flat_map(|feature| feature.geometry.rings()).flatten();
        let (first, _) = points().next()?;
        let fold = |(west, east, south, north): (f64, f64, f64, f64), (lon, lat): &(f64, f64)| {
            (west.min(*lon), east.max(*lon), south.min(*lat), north.max(*lat))
        };
        let (west, east, south, north) = points().fold((*first, *first, f64::MAX, f64::MIN), fold);
        let scale_x = (WIDTH - 2.0 * MARGIN) / (east - west).max(1e-6);
        let scale_y = scale_x / f64::midpoint(south, north).to_radians().cos().max(0.1);
        Some(Self { west, north, scale_x, scale_y, south })
    }

    fn height(&self) -> f64 {
        (self.north - self.south) * self.scale_y + 2.0 * MARGIN
    }

    fn place(&self, (lon, lat): (f64, f64)) -> (f64, f64) {
        (MARGIN + (lon - self.west) * self.scale_x, MARGIN + (self.north - lat) * self.scale_y)
    }

    fn path(&self, ring: &Ring) -> String {
        use std::fmt::Write;
        let mut path = String::with_capacity(ring.len() * 12);
        for (number, point) in ring.iter().enumerate() {
            let (x, y) = self.place(*point);
            // Writing to a string cannot fail.
            let _written = write!(path, "{}{x:.1} {y:.1}", if number == 0 { 'M' } else { 'L' });
        }
        path.push('Z');
        path
    }

    fn middle(&self, ring: &Ring) -> (f64, f64) {
        let places: Vec<(f64, f64)> = ring.iter().map(|point| self.place(*point)).collect();
        let area = |pair: &[(f64, f64)]| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1;
        let sum: f64 = places.windows(2).map(area).sum();
        if sum.abs() < 1e-9 {
            return places.first().copied().unwrap_or_default();
        }
        let x: f64 = places.windows(2).map(|pair| (pair[0].0 + pair[1].0) * area(pair)).sum();
        let y: f64 = places.windows(2).map(|pair| (pair[0].1 + pair[1].1) * area(pair)).sum();
        (x / (3.0 * sum), y / (3.0 * sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"features":[{"properties":{"code":"210423","name":"清原"},"geometry":
        {"type":"MultiPolygon","coordinates":[[[[124.0,42.0],[125.0,42.0],[125.0,41.0],[124.0,41.0],[124.0,42.0]]]]}}]}"#;

    #[test]
    fn a_square_degree_is_higher_than_wide_at_this_latitude() {
        let sketch = Sketch::draw(&serde_json::from_str(SQUARE).unwrap());
        assert!(sketch.height > WIDTH && sketch.counties[0].path.starts_with("M12.0 12.0L628.0 12.0"));
        let (x, y) = sketch.counties[0].at;
        assert!((x - 320.0).abs() < 1.0 && (y - sketch.height / 2.0).abs() < 1.0);
    }

    #[test]
    fn a_pack_without_outlines_gives_no_map() {
        let nowhere = tempfile::tempdir().unwrap();
        assert!(Sketch::read(nowhere.path()).counties.is_empty());
        std::fs::write(nowhere.path().join("counties_cgcs2000.geojson"), "{").unwrap();
        assert!(Sketch::read(nowhere.path()).counties.is_empty());
    }
}
