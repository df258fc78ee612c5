//! The `Update` payload of a notification: what changed, and why it was published.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event as Token;

/// An `Update` in outline. Order, case and presence of its parts vary between releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update {
    /// `PUT`, `POST` or `DELETE`, in upper case.
    pub event: Option<String>,
    /// The REST path of what changed.
    pub source: Option<String>,
    /// The `requestId` of the REST call that caused it, if one did.
    pub request_id: Option<String>,
    /// `reasonCodeId` of the object, where it has one.
    pub reason_code_id: Option<String>,
    /// The element inside `data`, such as `user` or `dialogs`.
    pub object: Option<String>,
    /// What matters most in `data`: pairs of an element's name and its text, in order.
    pub facts: Vec<(String, String)>,
}

impl Update {
    /// The `Update` in a stanza, escaped as Finesse sends it or not; `None` if there is none.
    #[must_use]
    pub fn find(stanza: &str) -> Option<Self> {
        if let Some(at) = find(stanza, "&lt;Update") {
            let rest = stanza.get(at..)?;
            let escaped = rest.split('<').next().unwrap_or(rest);
            return Some(Self::read(&unescape(escaped)));
        }
        let at = find(stanza, "<Update")?;
        Some(Self::read(stanza.get(at..)?))
    }

    /// An object of the REST API as if a notification had told of it.
    #[must_use]
    pub fn of_object(xml: &str) -> Self {
        Self::read(&format!("<Update><data>{xml}</data></Update>"))
    }

    /// The text of the first element in `data` of that name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        let found = self.facts.iter().find(|(fact, _)| fact == name);
        found.map(|(_, text)| text.as_str())
    }

    fn read(xml: &str) -> Self {
        let mut update = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut path, mut text) = (Path::default(), String::new());
        // A payload that is cut off or broken yields what stood before the break.
        while let Ok(token) = reader.read_event() {
            match token {
                Token::Start(start) if path.depth < DEEPEST => {
                    path.enter(start.local_name().into_inner());
                    update.entered(path.names());
                    text.clear();
                }
                Token::Text(part) => text.push_str(&part.xml10_content()),
                Token::GeneralRef(name) => {
                    let name = name.xml10_content();
                    text.push_str(resolve_predefined_entity(&name).unwrap_or_default());
                }
                Token::End(_) => {
                    update.left(path.names(), text.trim());
                    text.clear();
                    path.leave();
                    if path.depth == 0 {
                        break;
                    }
                }
                Token::Start(_) | Token::Eof => break,
                _ => {}
            }
        }
        update
    }

    fn entered(&mut self, path: &[String]) {
        if let [_, data, object] = path
            && data == "data"
            && self.object.is_none()
        {
            self.object = Some(object.clone());
        }
    }

    fn left(&mut self, path: &[String], text: &str) {
        if text.is_empty() {
            return;
        }
        match path {
            [_, name] if name == "event" => self.event = Some(text.to_ascii_uppercase()),
            [_, name] if name == "source" => self.source = Some(text.to_owned()),
            [_, name] if name == "requestId" => self.request_id = Some(text.to_owned()),
            [_, data, _, name] if data == "data" && name == "reasonCodeId" => {
                self.reason_code_id = Some(text.to_owned());
            }
            [_, data, .., name] if data == "data" && self.tells(path, name) => {
                self.facts.push((name.clone(), text.to_owned()));
            }
            _ => {}
        }
    }

    /// Whether an element belongs into one line: shallow ones, and errors and reasons wherever they stand.
    fn tells(&self, path: &[String], name: &str) -> bool {
        let known = TELLING.contains(&name);
        let deep = ["errorMessage", "errorType", "label"].contains(&name);
        self.facts.len() < FACTS && known && (deep || path.len() <= 5)
    }
}

/// The names of the elements that are open. Their memory is used again, because an `Update` has many elements.
#[derive(Debug, Default)]
struct Path {
    names: Vec<String>,
    depth: usize,
}

impl Path {
    fn names(&self) -> &[String] {
        self.names.get(..self.depth).unwrap_or_default()
    }

    fn enter(&mut self, name: &str) {
        if let Some(place) = self.names.get_mut(self.depth) {
            name.clone_into(place);
        } else {
            self.names.push(name.to_owned());
        }
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// Whether a notification warns a desktop that it will be moved for maintenance (`finesse.md` 4.1). No source shows the
/// shape of that event, so its name counts wherever it stands.
#[must_use]
pub fn warns_of_maintenance(stanza: &str) -> bool {
    find(stanza, "FINESSE_MAINTENANCE_MODE_EVENT").is_some()
}

/// One layer of the predefined entities undone: the payload of a notification is XML escaped as text.
#[must_use]
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = ENTITIES
            .iter()
            .find_map(|(name, character)| Some((reference.strip_prefix(name)?, *character)));
        let (behind, character) = entity.unwrap_or((reference, '&'));
        plain.push(character);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

fn find(text: &str, what: &str) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), what.as_bytes())
}

/// The predefined entities (XML 1.0 section 4.6), the frequent ones first.
const ENTITIES: &[(&str, char)] = &[
    ("lt;", '<'),
    ("gt;", '>'),
    ("amp;", '&'),
    ("quot;", '"'),
    ("apos;", '\''),
];

/// Elements of `data` that a person looks for first.
const TELLING: &[&str] = &[
    "loginId",
    "id",
    "state",
    "pendingState",
    "label",
    "status",
    "statusReason",
    "code",
    "errorType",
    "errorMessage",
    "fromAddress",
    "toAddress",
    "finesseMMode",
    "ctiMMode",
    "lastCTIHeartbeatStatus",
];
/// A line has room for this many facts.
const FACTS: usize = 8;
/// `Update`s are flat; what is deeper is not looked at.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_read_escaped_or_not() {
        let plain = "<Update><data><user><loginId>1001002</loginId><state>NOT_READY</state>\
            <dialogs>/x</dialogs><reasonCodeId>255</reasonCodeId></user></data><event>put</event><requestId></requestId>\
            <source>/finesse/api/User/1001002</source></Update>";
        let escaped = plain.replace('<', "&lt;").replace('>', "&gt;");
        for payload in [plain.to_owned(), escaped] {
            let stanza = format!("<message><notification>{payload}</notification></message>");
            let update = Update::find(&stanza).unwrap();
            assert_eq!(update.event.as_deref(), Some("PUT"));
            assert_eq!(update.object.as_deref(), Some("user"));
            assert_eq!(update.request_id, None);
            assert_eq!(update.reason_code_id.as_deref(), Some("255"));
            assert_eq!(update.source.as_deref(), Some("/finesse/api/User/1001002"));
            let facts = [("loginId", "1001002"), ("state", "NOT_READY")];
            assert_eq!(
                update.facts,
                facts.map(|(name, text)| (name.into(), text.into()))
            );
        }
        assert_eq!(Update::find("<message/>"), None);
    }

    #[test]
    fn a_cut_update_tells_what_stood_before_the_cut() {
        let update =
            Update::find("<notification>&lt;Update&gt;&lt;event&gt;PUT&lt;/event&gt;&lt;da");
        assert_eq!(update.unwrap().event.as_deref(), Some("PUT"));
    }
}
