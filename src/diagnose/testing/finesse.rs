//! What Finesse says in a script, by notification and by REST.

use super::Script;
use crate::event::Direction::{ToClient, ToServer};
use crate::event::*;

impl Script {
    /// An `Update` for a node, with this inside `data`.
    pub(crate) fn update(self, node: &str, data: &str) -> Self {
        self.notifies(node, data, "")
    }

    fn notifies(self, node: &str, data: &str, request: &str) -> Self {
        let update = format!(
            "<Update><data>{data}</data><event>PUT</event><requestId>{request}</requestId><source>{node}</source></Update>"
        );
        let escaped = update.replace('<', "&lt;").replace('>', "&gt;");
        self.hears(&format!("<message xmlns='jabber:client' from='pubsub.finesse1.example.com'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'><item id='x'><notification xmlns='http://jabber.org/protocol/pubsub'>{escaped}</notification></item></items></event></message>"))
    }

    /// The user `finesse` comes or goes.
    pub(crate) fn finesse(self, available: bool) -> Self {
        self.presence("finesse", available)
    }

    /// A user that stands for an application comes or goes.
    pub(crate) fn presence(self, user: &str, available: bool) -> Self {
        let kind = if available { "" } else { " type='unavailable'" };
        self.hears(&format!(
            "<presence xmlns='jabber:client' from='{user}@finesse1.example.com/desktop'{kind}/>"
        ))
    }

    /// A gadget's tunnel of this agent to a host, up to its own presence.
    pub(crate) fn opens_tunnel(self, host: &str, user: &str) -> Self {
        let script = self.connects_to(host).tls().opens_socket().binds(user);
        script.says("<presence xmlns='jabber:client'/>")
    }

    /// Finesse says of itself that it has this status, and why, with more elements of `SystemInfo`.
    pub(crate) fn system_info(self, status: &str, reason: &str, more: &str) -> Self {
        self.update(
            "/finesse/api/SystemInfo",
            &format!("<systemInfo>{more}<status>{status}</status><statusReason>{reason}</statusReason></systemInfo>"),
        )
    }

    /// A REST call on a connection of its own, answered with this status; goes on with the connection before.
    pub(crate) fn rest(self, method: &str, target: &str, status: u16) -> Self {
        let before = self.connection;
        let mut script = self.connects().asks(method, target, &[]).answers(status);
        script.connection = before;
        script
    }

    /// The same, answered with a body.
    pub(crate) fn rest_says(self, method: &str, target: &str, status: u16, body: &str) -> Self {
        let before = self.connection;
        let script = self.connects().asks(method, target, &[]);
        let body = EventKind::HttpBody(whole_body(body));
        let mut script = script.responds(status, &[]).way(ToClient, body);
        script.connection = before;
        script
    }

    /// `GET …/SystemInfo`, answered with this body.
    pub(crate) fn polls(self, body: &str) -> Self {
        self.rest_says("GET", "/finesse/api/SystemInfo", 200, body)
    }

    /// The same, a `PUT` that asks for a state of an agent; accepted.
    pub(crate) fn rest_wishes(self, user: &str, state: &str) -> Self {
        let before = self.connection;
        let mut script = self.connects().wishes(user, state);
        script.connection = before;
        script
    }

    /// An `Update` that echoes a request.
    pub(crate) fn echo(self, request: &str) -> Self {
        self.notifies("/finesse/api/User/1001002", "", request)
    }

    /// Finesse says that an agent has a state, with a reason code where it is not empty.
    pub(crate) fn state(self, user: &str, state: &str, code: &str) -> Self {
        self.state_for(user, state, code, "x")
    }

    /// The same with the label of the reason.
    pub(crate) fn state_for(self, user: &str, state: &str, code: &str, label: &str) -> Self {
        let node = format!("/finesse/api/User/{user}");
        self.update(&node, &person(user, state, code, label))
    }

    /// The same, said to a supervisor of one of the team.
    pub(crate) fn team(self, user: &str, state: &str, code: &str) -> Self {
        self.update("/finesse/api/Team/1/Users", &person(user, state, code, "x"))
    }

    /// Finesse hands this agent an access token that is valid for 300 s, and with the first one a refresh token that expires
    /// at that second of the Unix epoch.
    pub(crate) fn grants(self, user: &str, refresh_expires: Option<i64>) -> Self {
        let refresh = refresh_expires.map_or_else(String::new, |expires| {
            format!(r#","refresh_token":"redacted-token-9a0b1c2d.exp{expires}""#)
        });
        let body = format!(
            r#"{{"token":"redacted-token-5d3d1293"{refresh},"expires_in":300,"user_id":"{user}"}}"#
        );
        self.rest_says("GET", "/desktop/sso/token", 200, &body)
    }

    /// A request, the first of its connection.
    pub(crate) fn asks(self, method: &str, target: &str, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let head = HttpRequest {
            exchange: 1,
            method: method.to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Http11,
            headers: headers.collect(),
        };
        self.way(ToServer, EventKind::HttpRequest(head))
    }

    /// The answer to the first request of the connection.
    pub(crate) fn answers(self, status: u16) -> Self {
        self.answers_with(status, &[])
    }

    /// The same with header fields.
    pub(crate) fn answers_with(self, status: u16, headers: &[(&str, &str)]) -> Self {
        let mut fields = vec![("Content-Length", "0")];
        fields.extend(headers);
        self.responds(status, &fields)
    }

    /// The head of an answer with these header fields.
    fn responds(self, status: u16, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let head = HttpResponse {
            exchange: 1,
            version: HttpVersion::Http11,
            status,
            reason: String::new(),
            headers: headers.collect(),
        };
        self.way(ToClient, EventKind::HttpResponse(head))
    }

    /// `PUT /finesse/api/User/USER` that asks for a state.
    pub(crate) fn wishes(self, user: &str, state: &str) -> Self {
        let body = format!("<User><state>{state}</state></User>");
        self.asks("PUT", &format!("/finesse/api/User/{user}"), &[])
            .way(ToServer, EventKind::HttpBody(whole_body(&body)))
            .answers(202)
    }
}

/// The element `user` with a state, and a reason code where it is not empty.
fn person(user: &str, state: &str, code: &str, label: &str) -> String {
    let reason = if code.is_empty() {
        String::new()
    } else {
        format!("<ReasonCode><code>{code}</code><label>{label}</label></ReasonCode>")
    };
    format!("<user><loginId>{user}</loginId>{reason}<state>{state}</state></user>")
}

/// A body as a whole, of the first exchange of its connection.
fn whole_body(body: &str) -> HttpBody {
    HttpBody {
        exchange: 1,
        framing: BodyFraming::Length,
        wire_size: body.len() as u64,
        content_type: None,
        content_encoding: None,
        content: Payload::whole(body.as_bytes()),
        still_encoded: false,
        trailers: Vec::new(),
        complete: true,
    }
}
