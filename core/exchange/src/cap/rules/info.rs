//! The rules of `info` and what it holds (3.2.2 to 3.2.4).

use super::Check;
use crate::cap::form::{is_absolute_uri, is_base64, is_language, is_sha1, is_uri};
use crate::cap::{CapArea, CapInfo, CapResource, NamedValue, Point, Polygon};

impl Check {
    pub(super) fn info(&mut self, path: &str, info: &CapInfo) {
        if !is_language(&info.language) {
            self.breach(format!("{path}/language"), &info.language, "use a tag such as zh-CN or en-US");
        }
        if info.categories.is_empty() {
            self.breach(format!("{path}/category"), "", "give at least one, such as Met");
        }
        self.needed(format!("{path}/event"), &info.event);
        self.pairs(path, "eventCode", &info.event_codes);
        self.info_texts(path, info);
        self.pairs(path, "parameter", &info.parameters);
        for (n, resource) in info.resources.iter().enumerate() {
            self.resource(&format!("{path}/resource[{}]", n + 1), resource);
        }
        for (n, area) in info.areas.iter().enumerate() {
            self.area(&format!("{path}/area[{}]", n + 1), area);
        }
    }

    fn info_texts(&mut self, path: &str, info: &CapInfo) {
        let texts = [
            ("audience", &info.audience),
            ("senderName", &info.sender_name),
            ("headline", &info.headline),
            ("description", &info.description),
            ("instruction", &info.instruction),
            ("web", &info.web),
            ("contact", &info.contact),
        ];
        for (name, value) in texts {
            self.maybe(path, name, value.as_deref());
        }
        if let Some(web) = info.web.as_deref().filter(|it| !is_absolute_uri(it)) {
            self.breach(
                format!("{path}/web"),
                web,
                "give the full address, such as https://example.org/warning",
            );
        }
    }

    fn pairs(&mut self, path: &str, name: &str, pairs: &[NamedValue]) {
        for (n, pair) in pairs.iter().enumerate() {
            let path = format!("{path}/{name}[{}]", n + 1);
            self.needed(format!("{path}/valueName"), &pair.name);
            self.characters(format!("{path}/value"), &pair.value);
        }
    }

    fn resource(&mut self, path: &str, resource: &CapResource) {
        self.needed(format!("{path}/resourceDesc"), &resource.description);
        self.needed(format!("{path}/mimeType"), &resource.mime_type);
        let bare = resource.deref_uri.is_none();
        if let Some(uri) =
            resource.uri.as_deref().filter(|it| if bare { !is_absolute_uri(it) } else { !is_uri(it) })
        {
            self.breach(
                format!("{path}/uri"),
                uri,
                "give the full address; a relative one needs a derefUri beside it",
            );
        }
        if let Some(content) = resource.deref_uri.as_deref().filter(|it| !is_base64(it)) {
            self.breach(format!("{path}/derefUri"), content, "encode the content in base64");
        }
        if let Some(digest) = resource.digest.as_deref().filter(|it| !is_sha1(it)) {
            self.breach(
                format!("{path}/digest"),
                digest,
                "give the SHA-1 of the content in 40 hexadecimal digits",
            );
        }
    }

    fn area(&mut self, path: &str, area: &CapArea) {
        self.needed(format!("{path}/areaDesc"), &area.description);
        for (n, polygon) in area.polygons.iter().enumerate() {
            self.polygon(format!("{path}/polygon[{}]", n + 1), polygon);
        }
        for (n, circle) in area.circles.iter().enumerate() {
            let element = format!("{path}/circle[{}]", n + 1);
            self.point(&element, circle.centre());
            if !(circle.radius_km.is_finite() && circle.radius_km >= 0.0) {
                self.breach(element, &circle.to_string(), "give a radius in kilometres, 0 or more");
            }
        }
        self.pairs(path, "geocode", &area.geocodes);
        self.heights(path, area);
    }

    /// A closed line of at least four points on the globe (3.2.4).
    fn polygon(&mut self, element: String, polygon: &Polygon) {
        for point in &polygon.points {
            self.point(&element, *point);
        }
        let value = polygon.points.len().to_string() + " points";
        if polygon.points.len() < Polygon::POINTS_MIN {
            self.breach(element, &value, "give at least four points, the last equal to the first");
        } else if !polygon.is_closed() {
            self.breach(element, &value, "close it: end with the first point");
        } else if polygon.points.iter().rev().nth(1) == polygon.points.last() {
            self.breach(element, &value, "give the closing point once");
        }
    }

    fn point(&mut self, element: &str, point: Point) {
        if !point.is_on_globe() {
            let fix = "give latitude -90 to 90, then longitude -180 to 180, in degrees WGS-84";
            self.breach(element.to_owned(), &point.to_string(), fix);
        }
    }

    /// The ceiling "must not be used except in combination with the altitude", which is then the lower limit
    /// (3.2.4).
    fn heights(&mut self, path: &str, area: &CapArea) {
        for (name, height) in [("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)] {
            if let Some(feet) = height.filter(|it| !it.is_finite()) {
                self.breach(
                    format!("{path}/{name}"),
                    &feet.to_string(),
                    "give a number of feet above mean sea level",
                );
            }
        }
        let Some(ceiling) = area.ceiling_ft else { return };
        if area.altitude_ft.is_none_or(|altitude| altitude > ceiling) {
            let fix = "give an altitude that is not above the ceiling, or leave the ceiling out";
            self.breach(format!("{path}/ceiling"), &ceiling.to_string(), fix);
        }
    }
}
