//! What passes: a secret in each place that the traffic has.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::version::TLS13;

use super::plants::Plants;
use super::stage::{HOST, Stage};
use crate::support::websocket::{
    CLOSE, FIN, MORE, PING, PONG, RSV1, TEXT, deflate, frame, masked, status, upgrade_answer_with,
    upgrade_request_with,
};
use crate::support::{Wire, client, read_pem};

impl Stage {
    /// What comes to finspect itself.
    pub(super) fn door(&self, plants: &Plants) {
        let basic = STANDARD.encode(format!("me:{}", plants.at("proxy authorization")));
        drop(self.open(&format!("Proxy-Authorization: Basic {basic}\r\n")));

        let secret = plants.at("refusal of the proxy");
        let mut wire = Wire::connect(self.front);
        wire.send(format!("CONNECT {HOST}:8445 HTTP/1.1\r\nHost: {HOST}:8445\r\n\r\n").as_bytes());
        drop(self.accept(&format!("407 token={secret}")));
        wire.until_end();

        let secret = plants.at("host that is none");
        let mut wire = Wire::connect(self.front);
        wire.send(format!("GET http://1001002:{secret}@/ HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        wire.until_end();

        let secret = plants.at("malformed request at the door");
        let mut wire = Wire::connect(self.front);
        wire.send(format!("GET /?password={secret} HTTP/9.9 x\r\n\r\n").as_bytes());
        wire.until_end();

        let secret = plants.at("page under a foreign name");
        let mut wire = Wire::connect(self.front);
        wire.send(format!("GET / HTTP/1.1\r\nHost: u:{secret}@evil.test\r\n\r\n").as_bytes());
        wire.until_end();
    }

    pub(super) fn http(&self, plants: &Plants) {
        self.heads(plants);
        self.bodies(plants);
        self.persons();
    }

    /// A secret in each header, and in targets.
    fn heads(&self, plants: &Plants) {
        let mut head = String::new();
        let secret = |place: &str| plants.at(place);
        let encoded = |place: &str| secret(place).replace('!', "%21");
        let _ = write!(
            head,
            "GET /a?password={}&u={}&pass%77ord={} HTTP/1.1\r\nHost: {HOST}:8445\r\n",
            secret("query"),
            format_args!(
                "https%253A%252F%252Fh%253Fpassword%253D{}",
                encoded("query in a query").replace('%', "%25")
            ),
            secret("query with an escaped name"),
        );
        let basic = STANDARD.encode(format!("zzquesnoy:{}", secret("authorization")));
        let json = format!("{{\"password\":\"{}\"}}", secret("authorization, bearer"));
        let jwt = format!(
            "{}.{}.sig",
            URL_SAFE_NO_PAD.encode("{\"alg\":1}"),
            URL_SAFE_NO_PAD.encode(json)
        );
        for line in [
            format!("Authorization: Basic {basic}"),
            format!("Authorization: Bearer {jwt}"),
            format!(
                "Cookie: JSESSIONID={}; x=\"{}\"",
                secret("cookie"),
                secret("second cookie")
            ),
            format!("X-Auth-Token: {}", secret("token header")),
            format!(
                "Referer: https://u:{}@h/cb?code={}&state=1",
                encoded("userinfo"),
                secret("authorization code")
            ),
            format!(
                "X-Trace: redirect=https%3A%2F%2Fu%3A{}%40h%2F",
                encoded("encoded userinfo")
            ),
            format!(
                "X-Debug: curl -H 'Authorization: Bearer {}'",
                secret("header in a header")
            ),
        ] {
            let _ = write!(head, "{line}\r\n");
        }
        let answer = format!(
            "HTTP/1.1 302 token={}\r\nSet-Cookie: sid={}; Path=/\r\nLocation: /cb#access_token={}\r\nContent-Length: 0\r\n\r\n",
            secret("reason phrase"),
            secret("set-cookie"),
            secret("fragment"),
        );
        head.push_str("\r\n");
        // The head is torn inside its secrets.
        let pieces: Vec<&[u8]> = head.as_bytes().chunks(97).collect();
        self.exchange(&pieces, &[answer.as_bytes()]);

        let malformed = format!(
            "GET / HTTP/1.1\r\nX-Token={}\r\n\r\n",
            secret("malformed head")
        );
        self.exchange(&[malformed.as_bytes()], &[]);
        let absolute = format!(
            "GET http://1001002:{}@{HOST}:8445/?token={} HTTP/1.1\r\nHost: {HOST}:8445\r\nConnection: close\r\n\r\n",
            secret("userinfo of an absolute form"),
            secret("query of an absolute form"),
        );
        let mut wire = Wire::connect(self.front);
        wire.send(absolute.as_bytes());
        let (socket, _) = self.proxy.accept().unwrap();
        let mut origin = Wire::new(socket);
        let head = origin.until(b"\r\n\r\n").unwrap();
        if head.starts_with(b"CONNECT") {
            origin.send(b"HTTP/1.1 200 OK\r\n\r\n");
            origin.until(b"\r\n\r\n");
        }
        origin.send(b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n");
        wire.until(b"\r\n\r\n");
    }

    /// A secret in each kind of body, whole, in chunks, compressed, in trailers.
    fn bodies(&self, plants: &Plants) {
        for (kind, body) in &bodies(plants) {
            let head = |length: String| {
                format!("POST /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\n{length}\r\n")
            };
            let whole = head(format!("Content-Length: {}\r\n", body.len()));
            // Torn in the middle, where the secret is.
            let (one, other) = body.split_at(body.len() / 2);
            self.exchange(
                &[whole.as_bytes(), one.as_bytes(), other.as_bytes()],
                &[NOTHING],
            );

            let chunked = head("Transfer-Encoding: chunked\r\n".to_owned());
            let mut chunks: Vec<String> = body.as_bytes().chunks(5).map(chunk).collect();
            chunks.push("0\r\n\r\n".to_owned());
            let mut pieces = vec![chunked.as_bytes()];
            pieces.extend(chunks.iter().map(String::as_bytes));
            self.exchange(&pieces, &[NOTHING]);

            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(body.as_bytes()).unwrap();
            let gzip = gzip.finish().unwrap();
            let packed = head(format!(
                "Content-Encoding: gzip\r\nContent-Length: {}\r\n",
                gzip.len()
            ));
            self.exchange(&[packed.as_bytes(), &gzip], &[NOTHING]);
            // Cut off in the middle of what is packed.
            let (half, _) = gzip.split_at(gzip.len() - 9);
            self.exchange(&[packed.as_bytes(), half], &[]);
        }
        let trailer = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Token\r\n\r\n1\r\nx\r\n0\r\nX-Token: {}\r\n\r\n",
            plants.at("trailer"),
        );
        let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        self.exchange(&[request.as_bytes()], &[trailer.as_bytes()]);
    }

    /// What REST says of persons.
    fn persons(&self) {
        let body = "<User><dialogs>/finesse/api/User/zzquesnoy/Dialogs</dialogs><extension>482157306</extension>\
            <firstName>Adalind</firstName><lastName>Wexbury</lastName><loginId>zzquesnoy</loginId>\
            <loginName>zzquesnoy</loginName><email>adalind.w@mail.example</email><state>READY</state></User>";
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let request = format!(
            "GET /finesse/api/User/zzquesnoy?agentEmail=adalind.w%40mail.example&ani=%2B15557301946 HTTP/1.1\r\n\
             Host: {HOST}\r\nAuthorization: Basic {}\r\nX-Forwarded-For: 198.51.100.77\r\n\
             Referer: https://{HOST}/x?user=zzquesnoy\r\n\r\n",
            STANDARD.encode("zzquesnoy:pw"),
        );
        self.exchange(&[request.as_bytes()], &[answer.as_bytes()]);
    }

    /// XMPP over WebSocket: SASL, notifications in fragments, compressed, a close with a reason.
    pub(super) fn websocket(&self, plants: &Plants) {
        let (mut wire, mut origin) = self.open("");
        let ask = upgrade_request_with(
            HOST,
            "Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
        );
        wire.send(ask.as_bytes());
        origin.take(ask.len()).unwrap();
        let agree = upgrade_answer_with(
            "Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
        );
        origin.send(agree.as_bytes());
        wire.take(agree.len()).unwrap();

        for stanza in stanzas(plants) {
            let bytes = masked(FIN | TEXT, stanza);
            wire.send(&bytes);
            origin.take(bytes.len()).unwrap();
        }
        let update = |place| update(&plants.at(place));
        let mut send = |bytes: Vec<u8>| {
            origin.send(&bytes);
            wire.take(bytes.len()).unwrap();
        };
        send(frame(FIN | TEXT, update("update")));
        let fragmented = update("update in fragments");
        let fragments: Vec<&[u8]> = fragmented.as_bytes().chunks(7).collect();
        for (index, fragment) in fragments.iter().enumerate() {
            let first = if index == 0 { TEXT } else { MORE };
            let last = if index + 1 == fragments.len() { FIN } else { 0 };
            send(frame(first | last, fragment));
        }
        let (one, two) = (
            update("compressed update"),
            update("second compressed update"),
        );
        for packed in deflate(&[&one, &two]) {
            send(frame(FIN | RSV1 | TEXT, packed));
        }
        send(frame(FIN | PING, format!("token={}", plants.at("ping"))));
        send(frame(FIN | PONG, format!("token={}", plants.at("pong"))));
        let reason = format!("password={}", plants.at("close reason"));
        send(frame(FIN | CLOSE, status(4000, &reason)));
    }

    /// A name in TLS, and a request inside.
    pub(super) fn tls(&self, plants: &Plants) {
        let (mut wire, mut origin) = self.open("");
        let alpn = format!("password={}", plants.at("ALPN"));
        let target = format!(
            "GET /?token={} HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
            plants.at("query under TLS")
        );
        std::thread::scope(|scope| {
            scope.spawn(|| {
                origin
                    .start_server(self.identity.server(&TLS13, &[]))
                    .unwrap();
                origin.take(target.len()).unwrap();
                origin.send(NOTHING);
            });
            let config = client(read_pem(&self.authority), &TLS13, &[alpn.as_bytes()]);
            wire.start_client(config, HOST).unwrap();
            wire.send(target.as_bytes());
            wire.take(NOTHING.len()).unwrap();
        });
        // A ClientHello that breaks off.
        let (mut wire, _) = self.open("");
        wire.send(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
        drop(wire);
    }
}

/// A body of each kind, and its type.
fn bodies(plants: &Plants) -> [(&'static str, String); 8] {
    let secret = |place: &str| plants.at(place);
    let percent = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>()
    };
    [
        (
            "application/xml",
            format!("<User><password>{}</password></User>", secret("xml")),
        ),
        (
            "application/json",
            format!("{{\"a\":{{\"Access_Token\":\"{}\"}}}}", secret("json")),
        ),
        (
            "application/json",
            format!(
                "{{\"pass\\u0077ord\":\"{}\"}}",
                secret("json with an escaped name")
            ),
        ),
        (
            "application/x-www-form-urlencoded",
            format!("a=b&password={}&c=d", percent(&secret("form"))),
        ),
        (
            "application/x-www-form-urlencoded",
            format!("SAMLResponse={}&x=1", secret("saml")),
        ),
        (
            "text/plain",
            format!("password={}", STANDARD.encode(secret("base64 of a value"))),
        ),
        (
            "multipart/form-data; boundary=b",
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{}\r\n--b--\r\n",
                secret("multipart")
            ),
        ),
        (
            "application/xml",
            format!(
                "<CallVariable><name>callVariable1</name><value>{}</value></CallVariable>",
                secret("call variable")
            ),
        ),
    ]
}

/// What the desktop says.
fn stanzas(plants: &Plants) -> [String; 7] {
    let sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    let plain = STANDARD.encode(format!(
        "zzquesnoy@{HOST}\0zzquesnoy\0{}",
        plants.at("SASL PLAIN")
    ));
    let scram = STANDARD.encode(format!("c=biws,r={},p=x", plants.at("SASL SCRAM")));
    let oauth = STANDARD.encode(format!(
        "n,,\u{1}auth=Bearer {}\u{1}\u{1}",
        plants.at("SASL OAUTHBEARER")
    ));
    [
            format!("<auth {sasl} mechanism='PLAIN'>{plain}</auth>"),
            format!("<auth {sasl} mechanism='OAUTHBEARER'>{oauth}</auth>"),
            format!("<response {sasl}>{scram}</response>"),
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>482157306</resource></bind></iq>"
                .to_owned(),
            format!("<presence from='zzquesnoy@{HOST}/desktop' to='zzquesnoy@{HOST}/482157306'/>"),
            format!(
                "<iq type='set' to='pubsub.{HOST}' id='s'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
                <subscribe node='/finesse/api/User/zzquesnoy' jid='zzquesnoy@{HOST}'/></pubsub></iq>"
            ),
            format!(
                "<iq password='{}' type='get'><oops",
                plants.at("malformed stanza")
            ),
        ]
}

/// A notification of a call, with a secret in its call variable.
fn update(secret: &str) -> String {
    let dialog = format!(
        "<Update><data><dialog><fromAddress>+15557301946</fromAddress><mediaProperties><DNIS>5557309921</DNIS>\
                 <callvariables><CallVariable><name>callVariable1</name><value>{}</value></CallVariable></callvariables>\
                 </mediaProperties><participants><Participant><mediaAddress>482157306</mediaAddress></Participant></participants>\
                 </dialog></data><source>/finesse/api/User/zzquesnoy/Dialogs</source></Update>",
        secret
    );
    let escaped = dialog
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<message from='pubsub.{HOST}' to='zzquesnoy@{HOST}' id='/finesse/api/User/zzquesnoy/Dialogs__zzquesnoy@{HOST}__x1'>\
                 <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/finesse/api/User/zzquesnoy/Dialogs'>\
                 <item><notification xmlns='http://jabber.org/protocol/pubsub'>{escaped}</notification></item></items></event></message>"
    )
}

fn chunk(bytes: &[u8]) -> String {
    format!(
        "{:x}\r\n{}\r\n",
        bytes.len(),
        String::from_utf8_lossy(bytes)
    )
}

const NOTHING: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
