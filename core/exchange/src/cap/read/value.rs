//! Words of closed lists, times, numbers, shapes and pairs, out of the texts of a part.
//!
//! It knows what to do with a value that cannot be read: refuse, replace, or leave out with a note. Which of
//! these holds for which element is the body's choice.

use roxmltree::Node;

use super::part::{Leaf, Part, Reader};
use crate::cap::{Breach, CapError, CapTime, Forgiven, NamedValue, clip, vocabulary::Word};

/// A value with what was forgiven in it, or nothing when the text cannot be read.
type Parsed<T> = Option<(T, Vec<Forgiven>)>;

impl<'a> Reader<'a> {
    /// A word that decides about the alert: a stranger is refused. `None` when it is not there.
    pub(super) fn word<W: Word>(
        &mut self,
        part: &Part<'a, '_>,
        name: &'static str,
    ) -> Result<Option<W>, CapError> {
        let Some(leaf) = self.once(part, name) else { return Ok(None) };
        let word = self.known(&leaf);
        word.map(Some).ok_or_else(|| Breach::new(part.below(name), &leaf.text, W::choice()).into())
    }

    /// A word that may be replaced by one that says nothing.
    pub(super) fn word_or<W: Word>(&mut self, part: &Part<'a, '_>, name: &'static str, other: W) -> W {
        let Some(leaf) = self.once(part, name) else {
            self.missed(Forgiven::Missing { taken: other.word() }, part, name);
            return other;
        };
        self.known(&leaf).unwrap_or_else(|| {
            self.slip(Forgiven::Word { found: clip(&leaf.text), taken: other.word() }, &leaf);
            other
        })
    }

    /// The words of a repeated element; strangers are left out.
    pub(super) fn words<W: Word>(&mut self, part: &Part<'a, '_>, name: &'static str) -> Vec<W> {
        let mut words = Vec::new();
        for leaf in self.leaves(part, name) {
            match self.known(&leaf) {
                Some(word) => words.push(word),
                None => self.slip(Forgiven::unreadable(&leaf.text), &leaf),
            }
        }
        words
    }

    fn known<W: Word>(&mut self, leaf: &Leaf<'_, '_>) -> Option<W> {
        if let Some(word) = W::exact(&leaf.text) {
            return Some(word);
        }
        let word = W::loose(&leaf.text)?;
        self.slip(Forgiven::Word { found: clip(&leaf.text), taken: word.word() }, leaf);
        Some(word)
    }

    /// Reads a piece of a text, left out with a note when that fails.
    pub(super) fn parsed<T>(
        &mut self,
        leaf: &Leaf<'_, '_>,
        piece: &str,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        let Some((value, slips)) = parse(piece) else {
            self.slip(Forgiven::unreadable(piece), leaf);
            return None;
        };
        for slip in slips {
            self.slip(slip, leaf);
        }
        Some(value)
    }

    /// All values of a name that can be read.
    pub(super) fn values<T>(
        &mut self,
        part: &Part<'a, '_>,
        name: &'static str,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Vec<T> {
        let leaves = self.leaves(part, name);
        leaves.iter().filter_map(|leaf| self.parsed(leaf, &leaf.text, &parse)).collect()
    }

    /// The value of a name that comes once.
    pub(super) fn value<T>(
        &mut self,
        part: &Part<'a, '_>,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let leaf = self.once(part, name)?;
        self.parsed(&leaf, &leaf.text, |text| parse(text).map(|it| (it, Vec::new())))
    }

    /// A time that may be left out.
    pub(super) fn time(&mut self, part: &Part<'a, '_>, name: &'static str) -> Option<CapTime> {
        let leaf = self.once(part, name)?;
        self.parsed(&leaf, &leaf.text, CapTime::parse)
    }

    /// The pairs of `valueName` and `value` of a name.
    pub(super) fn pairs(&mut self, part: &Part<'a, '_>, name: &'static str) -> Vec<NamedValue> {
        part.all(name).into_iter().filter_map(|(node, path)| self.pair(node, path)).collect()
    }

    fn pair(&mut self, node: Node<'a, '_>, path: String) -> Option<NamedValue> {
        if !node.children().any(|it| it.is_element()) {
            let leaf = self.content(node, path);
            return self.old_pair(&leaf);
        }
        let pair = self.part(node, path, &["valueName", "value"]);
        let name = self.expected(&pair, "valueName");
        let value = pair.all("value").into_iter().next();
        let value = value.map(|(node, path)| self.content(node, path).text).unwrap_or_default();
        Some(NamedValue { name, value })
    }

    /// `name=value` of CAP 1.0.
    fn old_pair(&mut self, leaf: &Leaf<'_, '_>) -> Option<NamedValue> {
        let Some((name, value)) = leaf.text.split_once('=') else {
            let empty = leaf.text.is_empty();
            self.slip(if empty { Forgiven::Empty } else { Forgiven::unreadable(&leaf.text) }, leaf);
            return None;
        };
        self.slip(Forgiven::OldPair, leaf);
        Some(NamedValue { name: name.trim().to_owned(), value: value.trim().to_owned() })
    }
}
