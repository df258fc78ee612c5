//! An XMPP stream (RFC 6120, RFC 7395): who, with which resource, in which state.

use super::kept::{Kept, clip, cut};
use super::{At, Pings, Ways};
use crate::event::{Direction, StanzaKind, XmppStanza};

/// A stream, as far as its stanzas tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// `open` of each side.
    pub opened: Ways<Option<At>>,
    /// The SASL mechanism, and the user where the mechanism shows it.
    pub auth: Option<(At, String, Option<String>)>,
    /// SASL succeeded.
    pub authenticated: Option<At>,
    /// SASL failed, with this condition.
    pub auth_failed: Option<(At, String)>,
    /// The full JID that was bound.
    pub bound: Option<(At, String)>,
    /// Whom the server addresses, where the binding was not seen.
    pub addressed: Option<String>,
    /// Binding failed, with this condition.
    pub bind_failed: Option<(At, String)>,
    /// The client's own presence: the first that made it available, and its priority.
    pub available: Option<(At, Option<String>)>,
    /// The client's own presence of type unavailable.
    pub unavailable: Option<At>,
    /// Presence of the user `finesse`, in order.
    pub finesse: Kept<Presence>,
    /// Stream errors, by the direction in which they went.
    pub errors: Kept<(At, Direction, String)>,
    error_texts: Kept<(At, String)>,
    /// `close` of each side.
    pub closed: Ways<Option<At>>,
    /// XMPP pings, by the direction of the question.
    pub pings: Ways<Pings>,
    /// Questions other than pings that have no answer yet: id and when.
    asked: Ways<Kept<(At, String)>>,
    /// Notifications received.
    pub notifications: u64,
}

/// Presence of the user `finesse`, one of Finesse's three health signals (`finesse.md` 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// When it came.
    pub at: At,
    /// Whether it says available.
    pub available: bool,
}

impl Stream {
    /// The bare JID's local part: the user.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let jid = self.bound.as_ref().map(|(_, jid)| jid);
        let bound = jid.or(self.addressed.as_ref());
        let user = bound.and_then(|jid| jid.split('@').next());
        user.or_else(|| self.auth.as_ref()?.2.as_deref())
    }

    /// The resource that was bound.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        let (_, jid) = self.bound.as_ref()?;
        jid.split_once('/').map(|(_, resource)| resource)
    }

    /// When the user `finesse` became unavailable. Who was not there at the sign-in did not leave.
    pub fn finesse_left(&self) -> impl Iterator<Item = At> {
        let unseen = self.bound.is_none();
        let mut there = unseen;
        self.finesse.iter().filter_map(move |presence| {
            let left = there && !presence.available;
            there = presence.available;
            left.then_some(presence.at)
        })
    }

    /// The text of a stream error, where it has one.
    #[must_use]
    pub fn error_text(&self, error: At) -> Option<&str> {
        let found = self.error_texts.iter().find(|(at, _)| *at == error);
        found.map(|(_, text)| text.as_str())
    }

    /// Questions other than pings without an answer, by the direction of the question.
    #[must_use]
    pub fn asked(&self, direction: Direction) -> &[(At, String)] {
        &self.asked[direction]
    }

    /// Whether the client said good-bye: unavailable, or the stream's `close`.
    #[must_use]
    pub fn client_said_goodbye(&self) -> Option<At> {
        [self.unavailable, self.closed.to_server]
            .into_iter()
            .flatten()
            .min()
    }

    /// Roughly the bytes that it holds on the heap, short texts of its own left out.
    pub(super) const fn weight(&self) -> usize {
        let pings = self.pings.to_server.weight() + self.pings.to_client.weight();
        let asked = self.asked.to_server.weight() + self.asked.to_client.weight();
        let errors = self.errors.weight() + self.error_texts.weight();
        self.finesse.weight() + pings + asked + errors
    }

    pub(super) fn take(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        if let (Direction::ToClient, None, Some(to)) = (direction, &self.addressed, &outline.to)
            && to.contains('@')
        {
            self.addressed = Some(clip(to).to_owned());
        }
        match &outline.kind {
            StanzaKind::Open => self.opened[direction] = Some(at),
            StanzaKind::Close => self.closed[direction] = Some(at),
            StanzaKind::Auth { mechanism, user } => {
                let mut auth = (at, mechanism.clone(), user.clone());
                cut(&mut auth);
                self.auth = Some(auth);
            }
            StanzaKind::Success => self.authenticated = Some(at),
            StanzaKind::SaslFailure(error) => {
                self.auth_failed = Some((at, clip(&error.condition).to_owned()));
            }
            StanzaKind::StreamError(error) => {
                self.errors.keep((at, direction, error.condition.clone()));
                if let Some(text) = &error.text {
                    self.error_texts.keep((at, text.clone()));
                }
            }
            StanzaKind::Notification { .. } => self.notifications += 1,
            StanzaKind::Presence { priority, .. } => {
                self.presence(stanza, priority.as_ref(), direction, at);
            }
            _ => {}
        }
        if outline.root.name == "iq" {
            self.iq(stanza, direction, at);
        }
    }

    fn presence(
        &mut self,
        stanza: &XmppStanza,
        priority: Option<&String>,
        direction: Direction,
        at: At,
    ) {
        let outline = &stanza.stanza;
        let unavailable = outline.kind_attribute.as_deref() == Some("unavailable");
        let available = outline.kind_attribute.is_none();
        match direction {
            // To everybody; one that has an addressee takes leave of him alone.
            Direction::ToServer if unavailable && outline.to.is_none() => {
                self.unavailable = Some(at);
            }
            Direction::ToServer if available && self.available.is_none() => {
                self.available = Some((at, priority.map(|one| clip(one).to_owned())));
            }
            Direction::ToClient if is_finesse(outline.from.as_deref()) => {
                if available || unavailable {
                    self.finesse.keep(Presence { at, available });
                }
            }
            Direction::ToServer | Direction::ToClient => {}
        }
    }

    fn iq(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        let id = clip(outline.id.as_deref().unwrap_or_default());
        match outline.kind_attribute.as_deref() {
            Some("get" | "set") => match outline.kind {
                StanzaKind::Ping => self.pings[direction].send(id, at),
                _ => self.asked[direction].keep((at, id.to_owned())),
            },
            Some("result" | "error") => {
                let asker = direction.reverse();
                if !self.pings[asker].answer(id, at) {
                    self.asked[asker].retain(|(_, asked)| asked != id);
                }
                if direction == Direction::ToClient {
                    self.bind_answer(stanza, at);
                }
            }
            _ => {}
        }
    }

    fn bind_answer(&mut self, stanza: &XmppStanza, at: At) {
        let StanzaKind::Bind { jid, .. } = &stanza.stanza.kind else {
            return;
        };
        if let Some(jid) = jid {
            self.bound = Some((at, clip(jid).to_owned()));
        } else if let Some(error) = &stanza.stanza.error {
            self.bind_failed = Some((at, clip(&error.condition).to_owned()));
        }
    }
}

/// Whether the sender is the user `finesse`, or one that plays its part for gadgets of CUIC and CCX (`finesse.md` 1.3).
fn is_finesse(from: Option<&str>) -> bool {
    let user = from.and_then(|from| from.split('@').next());
    user.is_some_and(|user| {
        let user = user.to_ascii_lowercase();
        user == "finesse" || user.contains("cuic.") || user.contains("ccx.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuic_and_ccx_have_users_of_their_own_in_the_part_of_finesse() {
        for from in ["finesse@d/x", "Finesse@d", "cuic.node1@d/y", "ccx.d@d"] {
            assert!(is_finesse(Some(from)), "{from}");
        }
        for from in ["1001002@d", "finesse2@d", "cuic@d"] {
            assert!(!is_finesse(Some(from)), "{from}");
        }
        assert!(!is_finesse(None));
    }
}
