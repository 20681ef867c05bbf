//! What CAP 1.2 forbids, by its schema and by its text, each breach with element, value and fix.
//!
//! The schema takes any string for an identifier and never looks at what `scope` or `msgType` demand; these
//! rules do. They do not advise: length of headlines, self-crossing lines and expiry before effect are legal,
//! if unwise.

mod info;

use super::{Breach, CapAlert, MsgType, SPACE, Scope, form::is_xml};

/// All that [`super::write()`] would refuse, in the order of the document; empty for a valid alert.
pub fn breaches(alert: &CapAlert) -> Vec<Breach> {
    let mut check = Check::default();
    check.envelope(alert);
    check.relations(alert);
    for (n, info) in alert.infos.iter().enumerate() {
        check.info(&format!("alert/info[{}]", n + 1), info);
    }
    check.found
}

#[derive(Default)]
struct Check {
    found: Vec<Breach>,
}

impl Check {
    fn breach(&mut self, element: String, value: &str, fix: &str) {
        self.found.push(Breach::new(element, value, fix));
    }

    fn envelope(&mut self, alert: &CapAlert) {
        self.name("alert/identifier".into(), &alert.identifier);
        self.name("alert/sender".into(), &alert.sender);
        self.maybe("alert", "source", alert.source.as_deref());
        self.maybe("alert", "restriction", alert.restriction.as_deref());
        self.addresses(&alert.addresses.0);
        for (n, code) in alert.codes.iter().enumerate() {
            self.text(format!("alert/code[{}]", n + 1), code, "give it a text, or leave it out");
        }
        self.maybe("alert", "note", alert.note.as_deref());
        for (n, reference) in alert.references.iter().enumerate() {
            self.name(format!("alert/references[{}]/sender", n + 1), &reference.sender);
            self.name(format!("alert/references[{}]/identifier", n + 1), &reference.identifier);
        }
        for incident in &alert.incidents {
            self.listed("alert/incidents".into(), incident, incident);
        }
    }

    /// What status, message type and scope demand of other elements (3.2.1).
    fn relations(&mut self, alert: &CapAlert) {
        if alert.msg_type != MsgType::Alert && alert.references.is_empty() {
            let fix = format!(
                "name the messages that this {} is about, each with sender, identifier, sent",
                alert.msg_type
            );
            self.breach("alert/references".into(), "", &fix);
        }
        match (alert.scope, &alert.restriction) {
            (Scope::Restricted, None) => {
                self.breach("alert/restriction".into(), "", "say who may see it, or make the scope Public");
            }
            (Scope::Public | Scope::Private, Some(rule)) => {
                self.breach("alert/restriction".into(), rule, "leave it out, or make the scope Restricted");
            }
            _ => {}
        }
        if alert.scope == Scope::Private && alert.addresses.0.is_empty() {
            self.breach("alert/addresses".into(), "", "name the recipients, or change the scope");
        }
    }

    /// Identifier and sender: "must not include spaces, commas or restricted characters (< and &)" (3.2.1).
    fn name(&mut self, element: String, value: &str) {
        let bad = |c: char| c.is_whitespace() || matches!(c, ',' | '<' | '&') || !is_xml(c);
        if value.is_empty() || value.contains(bad) {
            self.breach(element, value, "give a name without space, comma, < and &");
        }
    }

    /// Personal data: the value is told as its place in the list.
    fn addresses(&mut self, addresses: &[String]) {
        for (n, address) in addresses.iter().enumerate() {
            self.listed("alert/addresses".into(), address, &format!("address {}", n + 1));
        }
    }

    /// A word of a list whose quotes cannot be escaped.
    fn listed(&mut self, element: String, word: &str, shown: &str) {
        if word.is_empty() || word.contains('"') || !word.chars().all(is_xml) {
            self.breach(
                element,
                shown,
                "give a word that is not empty and has no quote or control character",
            );
        }
    }

    /// A text that must be there.
    fn needed(&mut self, element: String, value: &str) {
        self.text(element, value, "give it a text; it must be there");
    }

    fn text(&mut self, element: String, value: &str, fix: &str) {
        if value.trim_matches(SPACE).is_empty() {
            self.breach(element, value, fix);
        } else {
            self.characters(element, value);
        }
    }

    fn characters(&mut self, element: String, value: &str) {
        if !value.chars().all(is_xml) {
            self.breach(element, value, "remove the control characters; XML cannot carry them");
        }
    }

    fn maybe(&mut self, path: &str, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(format!("{path}/{name}"), value, "give it a text, or leave it out");
        }
    }
}
