//! One element and its children by name: the grip of the reader on the tree.
//!
//! It knows order, repetition, emptiness and strangers, and notes them. It knows no element of CAP by name.

use roxmltree::{Node, NodeType};

use super::namespace;
use crate::cap::{CapError, Forgiven, NOTES_MAX, Note, SPACE, clip};

/// The namespace of XML signatures, the only foreign one that CAP lets in (schema of CAP 1.2, `any`).
const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The name under which a part lists the XML signature among its children.
pub(super) const SIGNATURE: &str = "Signature";

/// Reads parts and collects notes.
pub(super) struct Reader<'a> {
    namespace: Option<&'a str>,
    notes: Vec<Note>,
    left_out: usize,
}

/// An element with its known children, each under the name of its rank.
pub(super) struct Part<'a, 'i> {
    path: String,
    node: Node<'a, 'i>,
    children: Vec<(&'static str, Node<'a, 'i>)>,
}

/// An element that holds text, not empty and without white space at its ends.
pub(super) struct Leaf<'a, 'i> {
    pub(super) text: String,
    node: Node<'a, 'i>,
    path: String,
}

impl<'a, 'i> Part<'a, 'i> {
    /// The children of a name, each with its path.
    pub(super) fn all(&self, name: &'static str) -> Vec<(Node<'a, 'i>, String)> {
        let nodes = self.children.iter().filter(|(it, _)| *it == name).enumerate();
        nodes.map(|(n, (_, node))| (*node, format!("{}/{name}[{}]", self.path, n + 1))).collect()
    }

    /// The path of an only child.
    pub(super) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: Node<'a, '_>, slips: Vec<Forgiven>) -> Self {
        let note = |forgiven| Note { forgiven, path: "alert".to_owned(), line: 0 };
        let namespace = namespace(root);
        let bare = namespace.is_none().then_some(Forgiven::NoNamespace);
        let notes = slips.into_iter().chain(bare).map(note).collect();
        Self { namespace, notes, left_out: 0 }
    }

    pub(super) fn into_notes(mut self) -> Vec<Note> {
        if self.left_out > 0 {
            let forgiven = Forgiven::More { count: self.left_out };
            self.notes.push(Note { forgiven, path: "alert".to_owned(), line: 0 });
        }
        self.notes
    }

    fn note(&mut self, forgiven: Forgiven, path: &str, node: Node<'_, '_>) {
        if self.notes.len() >= NOTES_MAX {
            self.left_out += 1;
            return;
        }
        let line = line_of(node);
        self.notes.push(Note { forgiven, path: path.to_owned(), line });
    }

    /// Notes something about a text.
    pub(super) fn slip(&mut self, forgiven: Forgiven, leaf: &Leaf<'_, '_>) {
        self.note(forgiven, &leaf.path, leaf.node);
    }

    /// Notes what is not there.
    pub(super) fn missed(&mut self, forgiven: Forgiven, part: &Part<'_, '_>, name: &str) {
        self.note(forgiven, &part.below(name), part.node);
    }

    /// Takes an element apart by the names it may hold, given in their order.
    pub(super) fn part<'i>(
        &mut self,
        node: Node<'a, 'i>,
        path: String,
        order: &[&'static str],
    ) -> Part<'a, 'i> {
        let mut part = Part { path, node, children: Vec::new() };
        let mut reached = 0;
        for child in node.children().filter(Node::is_element) {
            let Some(rank) = self.rank(child, order, &part) else { continue };
            if rank < reached {
                self.note(Forgiven::OutOfOrder, &part.below(order[rank]), child);
            }
            reached = reached.max(rank);
            part.children.push((order[rank], child));
        }
        part
    }

    fn rank(&mut self, child: Node<'_, '_>, order: &[&str], part: &Part<'_, '_>) -> Option<usize> {
        let (name, namespace) = (child.tag_name().name(), namespace(child));
        let home = if name == SIGNATURE { Some(XMLDSIG) } else { self.namespace };
        let bare = namespace.is_none() && name != SIGNATURE;
        let rank = order.iter().position(|it| *it == name).filter(|_| namespace == home || bare);
        match rank {
            None => self.note(Forgiven::Unknown { name: clip(name) }, &part.path, child),
            Some(_) if namespace != home => self.note(Forgiven::NoNamespace, &part.below(name), child),
            Some(_) => {}
        }
        rank
    }

    /// The text of an element; markup in it is dropped, its text kept.
    pub(super) fn content<'i>(&mut self, node: Node<'a, 'i>, path: String) -> Leaf<'a, 'i> {
        if node.children().any(|it| it.is_element()) {
            self.note(Forgiven::Markup, &path, node);
        }
        let texts = node.descendants().filter(|it| it.node_type() == NodeType::Text);
        let text: String = texts.filter_map(|it| it.text()).collect();
        Leaf { text: text.trim_matches(SPACE).to_owned(), node, path }
    }

    /// The children of a name that have text.
    pub(super) fn leaves<'i>(&mut self, part: &Part<'a, 'i>, name: &'static str) -> Vec<Leaf<'a, 'i>> {
        let mut leaves = Vec::new();
        for (node, path) in part.all(name) {
            let leaf = self.content(node, path);
            if leaf.text.is_empty() { self.slip(Forgiven::Empty, &leaf) } else { leaves.push(leaf) }
        }
        leaves
    }

    /// The only child of a name; of several, the first that has text.
    pub(super) fn once<'i>(&mut self, part: &Part<'a, 'i>, name: &'static str) -> Option<Leaf<'a, 'i>> {
        let leaves = self.leaves(part, name);
        if let Some(again) = leaves.get(1) {
            self.slip(Forgiven::Repeated, again);
        }
        leaves.into_iter().next()
    }

    /// The text of the only child of a name.
    pub(super) fn text(&mut self, part: &Part<'a, '_>, name: &'static str) -> Option<String> {
        self.once(part, name).map(|leaf| leaf.text)
    }

    /// A text that a part cannot be without.
    pub(super) fn needed<'i>(
        &mut self,
        part: &Part<'a, 'i>,
        name: &'static str,
    ) -> Result<Leaf<'a, 'i>, CapError> {
        self.once(part, name).ok_or_else(|| CapError::Missing { element: part.below(name) })
    }

    /// A text that should be there; empty when it is not.
    pub(super) fn expected(&mut self, part: &Part<'a, '_>, name: &'static str) -> String {
        let text = self.text(part, name);
        text.unwrap_or_else(|| {
            self.missed(Forgiven::Missing { taken: "" }, part, name);
            String::new()
        })
    }
}

/// The line an element begins in, from 1.
fn line_of(node: Node<'_, '_>) -> u32 {
    let before = &node.document().input_text()[..node.range().start];
    before.matches('\n').count() as u32 + 1
}
