//! Reading and writing the small XML of stanzas and REST bodies: one document, one tree.
//!
//! Documents come from whoever connects, so depth and number of elements are bounded and a DOCTYPE is refused.

use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// One element with what is in it; names without prefix.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// The local name.
    pub(super) name: String,
    /// The attributes as they stand, `xmlns` among them.
    attributes: Vec<(String, String)>,
    /// The elements inside, in order.
    pub(super) children: Vec<Self>,
    /// All text directly inside, unescaped.
    pub(super) text: String,
}

impl Element {
    /// The one element that `document` consists of.
    pub(super) fn parse(document: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::from_str(document);
        let mut open: Vec<Self> = Vec::new();
        let mut count = 0_usize;
        loop {
            let finished = match reader.read_event().map_err(|_| Malformed::Syntax)? {
                Event::Start(tag) => {
                    open.push(Self::begin(&tag, &mut count, open.len())?);
                    None
                }
                Event::Empty(tag) => Some(Self::begin(&tag, &mut count, open.len())?),
                Event::End(_) => open.pop(),
                Event::Text(text) => {
                    append(&mut open, &text.xml_content(XmlVersion::Implicit1_0))?;
                    None
                }
                Event::CData(text) => {
                    append(&mut open, &text.xml_content(XmlVersion::Implicit1_0))?;
                    None
                }
                Event::GeneralRef(reference) => {
                    let name = reference.xml_content(XmlVersion::Implicit1_0);
                    let text = quick_xml::escape::unescape(&format!("&{name};"))
                        .map_err(|_| Malformed::Syntax)?
                        .into_owned();
                    append(&mut open, &text)?;
                    None
                }
                Event::DocType(_) => return Err(Malformed::DocType),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
                Event::Eof => return Err(Malformed::Unfinished),
            };
            let Some(element) = finished else { continue };
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Ok(element),
            }
        }
    }

    fn begin(tag: &BytesStart<'_>, count: &mut usize, depth: usize) -> Result<Self, Malformed> {
        *count += 1;
        if *count > ELEMENTS || depth > DEPTH {
            return Err(Malformed::TooLarge);
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| Malformed::Syntax)?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| Malformed::Syntax)?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: tag.local_name().as_ref().to_owned(),
            attributes,
            ..Self::default()
        })
    }

    /// The attribute of that name.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name, without blanks around it; none when it is missing or empty.
    pub(super) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The first element of that name here or further in.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// Why a document is no element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// Not XML.
    #[error("not well-formed")]
    Syntax,
    /// It ends too early, or holds no element.
    #[error("unfinished document")]
    Unfinished,
    /// A document type, which XMPP forbids (RFC 6120 section 11.1).
    #[error("a document type is not allowed")]
    DocType,
    /// Over the bounds of depth or number.
    #[error("too deep or too many elements")]
    TooLarge,
}

/// `<name>text</name>`, escaped.
pub(super) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

fn append(open: &mut [Element], text: &str) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(parent) => parent.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Malformed::Syntax),
    }
    Ok(())
}

/// Deepest nesting that is read.
const DEPTH: usize = 32;
/// Most elements of one document.
const ELEMENTS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_is_read_with_its_attributes_and_text() {
        let stanza = Element::parse(
            "<iq type='set' id='a&amp;b'><x:bind xmlns:x='urn:b'><resource>desk&lt;top</resource></x:bind></iq>",
        )
        .unwrap();
        assert_eq!(stanza.attribute("id"), Some("a&b"));
        let bind = stanza.child("bind").unwrap();
        assert_eq!(bind.child_text("resource"), Some("desk<top"));
        assert!(stanza.find("resource").is_some());
    }

    #[test]
    fn hostile_documents_are_refused_and_bounded() {
        assert_eq!(Element::parse(""), Err(Malformed::Unfinished));
        assert_eq!(Element::parse("<a>"), Err(Malformed::Unfinished));
        assert_eq!(Element::parse("hello"), Err(Malformed::Syntax));
        assert_eq!(
            Element::parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
            Err(Malformed::DocType)
        );
        assert_eq!(Element::parse("<a>&b;</a>"), Err(Malformed::Syntax));
        assert_eq!(
            Element::parse(&"<a>".repeat(1000)),
            Err(Malformed::TooLarge)
        );
        let wide = format!("<a>{}</a>", "<b/>".repeat(10_000));
        assert_eq!(Element::parse(&wide), Err(Malformed::TooLarge));
    }
}
