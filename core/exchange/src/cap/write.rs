//! The strict writer: an alert in, one CAP 1.2 document out, or the first breach.
//!
//! The document has no white space between elements, so that a signature over it survives any reader that
//! would strip some, and it must be served as the very bytes that were signed. Text loses the white space at
//! its ends.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{
    CapAlert, CapArea, CapError, CapInfo, CapResource, CapTime, NAMESPACE_1_2, NamedValue, SPACE, breaches,
    list,
};

/// Writes an alert as a CAP 1.2 document in UTF-8.
///
/// # Errors
/// [`CapError::Breach`] with the first of [`breaches`], when there is one.
pub fn write(alert: &CapAlert) -> Result<String, CapError> {
    if let Some(first) = breaches(alert).into_iter().next() {
        return Err(first.into());
    }
    let mut sheet = Sheet(Writer::new(Vec::new()));
    sheet.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    sheet.alert(alert);
    Ok(sheet.into_text())
}

struct Sheet(Writer<Vec<u8>>);

impl Sheet {
    fn into_text(self) -> String {
        String::from_utf8(self.0.into_inner()).expect("only text was written")
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory takes every write");
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.event(Event::Start(BytesStart::new(name)));
        self.event(Event::Text(BytesText::new(text.trim_matches(SPACE))));
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    fn each(&mut self, name: &str, texts: impl IntoIterator<Item = impl ToString>) {
        for text in texts {
            self.leaf(name, &text.to_string());
        }
    }

    fn time(&mut self, name: &str, time: Option<CapTime>) {
        self.each(name, time);
    }

    fn inside(&mut self, start: &BytesStart<'_>, fill: impl FnOnce(&mut Self)) {
        self.event(Event::Start(start.borrow()));
        fill(self);
        self.event(Event::End(start.to_end()));
    }

    fn alert(&mut self, alert: &CapAlert) {
        let mut start = BytesStart::new("alert");
        start.push_attribute(("xmlns", NAMESPACE_1_2));
        self.inside(&start, |it| {
            it.envelope(alert);
            for info in &alert.infos {
                it.inside(&BytesStart::new("info"), |it| it.info(info));
            }
        });
    }

    fn envelope(&mut self, alert: &CapAlert) {
        self.leaf("identifier", &alert.identifier);
        self.leaf("sender", &alert.sender);
        self.time("sent", Some(alert.sent));
        self.leaf("status", alert.status.as_str());
        self.leaf("msgType", alert.msg_type.as_str());
        self.maybe("source", alert.source.as_deref());
        self.leaf("scope", alert.scope.as_str());
        self.maybe("restriction", alert.restriction.as_deref());
        self.list("addresses", &list::joined(&alert.addresses.0));
        self.each("code", &alert.codes);
        self.maybe("note", alert.note.as_deref());
        self.list("references", &list::triplets(&alert.references));
        self.list("incidents", &list::joined(&alert.incidents));
    }

    /// An empty list is no element: `<references/>` breaks some readers.
    fn list(&mut self, name: &str, joined: &str) {
        self.maybe(name, Some(joined).filter(|it| !it.is_empty()));
    }

    fn info(&mut self, info: &CapInfo) {
        self.leaf("language", &info.language);
        self.each("category", &info.categories);
        self.leaf("event", &info.event);
        self.each("responseType", &info.response_types);
        self.leaf("urgency", info.urgency.as_str());
        self.leaf("severity", info.severity.as_str());
        self.leaf("certainty", info.certainty.as_str());
        self.maybe("audience", info.audience.as_deref());
        self.pairs("eventCode", &info.event_codes);
        self.time("effective", info.effective);
        self.time("onset", info.onset);
        self.time("expires", info.expires);
        self.told(info);
        self.pairs("parameter", &info.parameters);
        for resource in &info.resources {
            self.inside(&BytesStart::new("resource"), |it| it.resource(resource));
        }
        for area in &info.areas {
            self.inside(&BytesStart::new("area"), |it| it.area(area));
        }
    }

    fn told(&mut self, info: &CapInfo) {
        self.maybe("senderName", info.sender_name.as_deref());
        self.maybe("headline", info.headline.as_deref());
        self.maybe("description", info.description.as_deref());
        self.maybe("instruction", info.instruction.as_deref());
        self.maybe("web", info.web.as_deref());
        self.maybe("contact", info.contact.as_deref());
    }

    fn pairs(&mut self, name: &str, pairs: &[NamedValue]) {
        for pair in pairs {
            self.inside(&BytesStart::new(name), |it| {
                it.leaf("valueName", &pair.name);
                it.leaf("value", &pair.value);
            });
        }
    }

    fn resource(&mut self, resource: &CapResource) {
        self.leaf("resourceDesc", &resource.description);
        self.leaf("mimeType", &resource.mime_type);
        self.each("size", resource.size);
        self.maybe("uri", resource.uri.as_deref());
        self.maybe("derefUri", resource.deref_uri.as_deref());
        self.maybe("digest", resource.digest.as_deref());
    }

    fn area(&mut self, area: &CapArea) {
        self.leaf("areaDesc", &area.description);
        self.each("polygon", &area.polygons);
        self.each("circle", &area.circles);
        self.pairs("geocode", &area.geocodes);
        self.each("altitude", area.altitude_ft);
        self.each("ceiling", area.ceiling_ft);
    }
}
