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
    /// The element inside `data`, such as `user` or `dialogs`.
    pub object: Option<String>,
    /// What matters most in `data`: pairs of an element's name and its text, in order.
    pub facts: Vec<(String, String)>,
}

impl Update {
    /// The `Update` in a stanza, escaped as Finesse sends it or not; `None` if there is none.
    #[must_use]
    pub fn find(stanza: &str) -> Option<Self> {
        if let Some(at) = stanza.find("&lt;Update") {
            let rest = stanza.get(at..)?;
            let escaped = rest.split('<').next().unwrap_or(rest);
            return Some(Self::read(&unescape(escaped)));
        }
        let at = stanza.find("<Update")?;
        Some(Self::read(stanza.get(at..)?))
    }

    fn read(xml: &str) -> Self {
        let mut update = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut path, mut text): (Vec<String>, String) = (Vec::new(), String::new());
        // A payload that is cut off or broken yields what stood before the break.
        while let Ok(token) = reader.read_event() {
            match token {
                Token::Start(start) if path.len() < DEEPEST => {
                    path.push(start.local_name().into_inner().to_owned());
                    update.entered(&path);
                    text.clear();
                }
                Token::Text(part) => text.push_str(&part.xml10_content()),
                Token::GeneralRef(name) => {
                    let name = name.xml10_content();
                    text.push_str(resolve_predefined_entity(&name).unwrap_or_default());
                }
                Token::End(_) => {
                    update.left(&path, text.trim());
                    text.clear();
                    path.pop();
                    if path.is_empty() {
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

/// One layer of the predefined entities undone: the payload of a notification is XML escaped as text.
#[must_use]
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Elements of `data` that a person looks for first.
const TELLING: &[&str] = &[
    "loginId",
    "id",
    "state",
    "pendingState",
    "label",
    "status",
    "statusReason",
    "errorType",
    "errorMessage",
    "fromAddress",
    "toAddress",
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
            <dialogs>/x</dialogs></user></data><event>put</event><requestId></requestId>\
            <source>/finesse/api/User/1001002</source></Update>";
        let escaped = plain.replace('<', "&lt;").replace('>', "&gt;");
        for payload in [plain.to_owned(), escaped] {
            let stanza = format!("<message><notification>{payload}</notification></message>");
            let update = Update::find(&stanza).unwrap();
            assert_eq!(update.event.as_deref(), Some("PUT"));
            assert_eq!(update.object.as_deref(), Some("user"));
            assert_eq!(update.request_id, None);
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
