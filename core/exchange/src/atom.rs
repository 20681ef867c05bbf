//! Atom feeds (RFC 4287), in which other systems find warnings without asking anybody for an account. It writes what it
//! is given; which warnings those are, and where they stand, it refuses to know.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// The namespace of Atom (RFC 4287 section 1.2).
pub const NAMESPACE: &str = "http://www.w3.org/2005/Atom";

/// A feed (订阅源).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// A name that never changes: an IRI.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Who issues it.
    pub author: String,
    /// Where it stands itself.
    pub address: String,
    /// When anything in it last changed.
    pub updated: jiff::Timestamp,
    /// The latest first.
    pub entries: Vec<Entry>,
}

/// One warning in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A name that never changes: an IRI.
    pub id: String,
    /// The headline.
    pub title: String,
    /// What is said.
    pub summary: String,
    /// Words to sort by: the grade, where it stands.
    pub categories: Vec<String>,
    /// Where the warning itself stands, as CAP.
    pub address: String,
    /// When it was issued.
    pub published: jiff::Timestamp,
    /// When it was issued, replaced, lifted or ran out.
    pub updated: jiff::Timestamp,
}

/// Writes a feed in UTF-8. Characters that XML 1.0 cannot hold are left out.
pub fn write(feed: &Feed) -> String {
    let mut sheet = Sheet(Writer::new(Vec::new()));
    sheet.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let mut root = BytesStart::new("feed");
    root.push_attribute(("xmlns", NAMESPACE));
    root.push_attribute(("xml:lang", "zh-CN"));
    sheet.event(Event::Start(root));
    sheet.leaf("id", &feed.id);
    sheet.leaf("title", &feed.title);
    sheet.leaf("updated", &instant(feed.updated));
    sheet.event(Event::Start(BytesStart::new("author")));
    sheet.leaf("name", &feed.author);
    sheet.event(Event::End(BytesEnd::new("author")));
    sheet.empty("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", &feed.address)]);
    for entry in &feed.entries {
        sheet.entry(entry);
    }
    sheet.event(Event::End(BytesEnd::new("feed")));
    sheet.into_text()
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
        self.event(Event::Text(BytesText::new(&writable(text))));
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let mut element = BytesStart::new(name);
        for (key, value) in attributes {
            element.push_attribute((*key, writable(value).as_str()));
        }
        self.event(Event::Empty(element));
    }

    fn entry(&mut self, entry: &Entry) {
        self.event(Event::Start(BytesStart::new("entry")));
        self.leaf("id", &entry.id);
        self.leaf("title", &entry.title);
        self.leaf("published", &instant(entry.published));
        self.leaf("updated", &instant(entry.updated));
        for category in &entry.categories {
            self.empty("category", &[("term", category)]);
        }
        self.empty(
            "link",
            &[("rel", "alternate"), ("type", "application/cap+xml"), ("href", &entry.address)],
        );
        self.leaf("summary", &entry.summary);
        self.event(Event::End(BytesEnd::new("entry")));
    }
}

/// RFC 4287 section 3.3: a time with its zone, here always that of Greenwich.
fn instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// XML 1.0 section 2.2.
fn writable(text: &str) -> String {
    let fits = |letter: &char| {
        matches!(letter, '\t' | '\n' | '\r') || *letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed(title: &str) -> Feed {
        let at = jiff::Timestamp::from_second(1_783_816_200).unwrap();
        let entry = Entry {
            id: "urn:uuid:1".into(),
            title: title.into(),
            summary: "请转移 <1> & \"2\"".into(),
            categories: vec!["red".into(), title.into()],
            address: "https://warn.example/cap/1?a=1&b=2".into(),
            published: at,
            updated: at,
        };
        Feed {
            id: "https://warn.example/feed.atom".into(),
            title: "抚顺市预警".into(),
            author: "抚顺市应急管理局".into(),
            address: "https://warn.example/feed.atom".into(),
            updated: at,
            entries: vec![entry],
        }
    }

    fn text(feed: &Feed, path: &[&str]) -> String {
        let written = write(feed);
        let document = roxmltree::Document::parse(&written).unwrap();
        let mut node = document.root_element();
        for name in path {
            node = node.children().find(|child| child.has_tag_name((NAMESPACE, *name))).unwrap();
        }
        node.text().or_else(|| node.attribute("href")).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_warning_stands_in_it_with_its_address_and_its_times() {
        let feed = feed("暴雨红色预警");
        assert_eq!(text(&feed, &["entry", "title"]), "暴雨红色预警");
        assert_eq!(text(&feed, &["entry", "summary"]), "请转移 <1> & \"2\"");
        assert_eq!(text(&feed, &["entry", "link"]), "https://warn.example/cap/1?a=1&b=2");
        assert_eq!(text(&feed, &["entry", "updated"]), "2026-07-12T00:30:00Z");
        assert_eq!(text(&feed, &["author", "name"]), "抚顺市应急管理局");
    }

    proptest! {
        #[test]
        fn any_words_make_a_document(words in any::<String>()) {
            let title = text(&feed(&words), &["entry", "title"]);
            prop_assert_eq!(title.trim().is_empty(), writable(&words).trim().is_empty());
        }
    }
}
