//! Planted secrets: whatever a session carries, and however it is written there, no output of any command shows it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::version::TLS13;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::websocket::{
    CLOSE, FIN, MORE, PING, PONG, RSV1, TEXT, deflate, frame, masked, status, upgrade_answer_with,
    upgrade_request_with,
};
use crate::support::{Identity, ROOT, Wire, client, read_pem};

/// Every command that reads a recording: the words, with `FILE` for the recording. What it prints must be clean.
const COMMANDS: &[&[&str]] = &[
    &["redact", "FILE", "--level", "strict"],
    &["redact", "FILE", "--level", "standard"],
];

#[test]
fn no_secret_is_in_a_standard_session_in_any_format_nor_in_what_is_made_of_it() {
    for format in ["pretty", "compact", "json"] {
        let session = Session::play("standard", format);
        session.assert_clean(&session.plants.secrets());
    }
}

#[test]
fn no_secret_and_no_person_is_in_a_strict_session_nor_in_what_is_made_of_it() {
    for format in ["pretty", "compact", "json"] {
        let session = Session::play("strict", format);
        let persons = PERSONS.map(|(place, text)| (place.to_owned(), text.to_owned()));
        let hidden = [session.plants.secrets(), persons.to_vec()].concat();
        session.assert_clean(&hidden);
    }
}

/// The proof that the tests above can fail, and that `redact` makes clean what was not.
#[test]
fn without_redaction_every_secret_is_seen_and_redact_takes_it_out() {
    let session = Session::play("off", "json");
    let mut unseen = session.plants.secrets();
    unseen.retain(|(_, secret)| {
        let mut forms = forms(secret).into_iter();
        !forms.any(|form| session.stdout.contains(&form))
    });
    let unseen: Vec<&str> = unseen.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(unseen, UNSEEN, "a secret that is never seen proves nothing");
    for (place, text) in PERSONS {
        assert!(session.stdout.contains(text), "{place} was never seen");
    }
    assert!(session.stderr.contains("WARNING: redaction is off"));
    let recording = session.recording();
    for level in ["standard", "strict"] {
        let out = session.folder.path().join(format!("{level}.jsonl"));
        let output = finspect()
            .args(["redact", "--level", level, "-o"])
            .args([&out, &recording])
            .output()
            .unwrap();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{talk}");
        assert!(
            talk.contains(" passwords") && talk.contains(" tokens"),
            "{talk}"
        );
        assert!(
            talk.contains("WARNING: this recording is not redacted"),
            "{talk}"
        );
        let text = std::fs::read_to_string(&out).unwrap();
        let mut hidden = session.plants.secrets();
        if level == "strict" {
            hidden.extend(PERSONS.map(|(place, text)| (place.to_owned(), text.to_owned())));
            assert!(
                talk.contains(" users") && talk.contains(" phone numbers"),
                "{talk}"
            );
        }
        assert_hidden(&text, &hidden, level);
        assert_hidden(&talk, &hidden, level);
        let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(header["session"]["redaction"], level);
        assert!(header["session"]["pseudonyms"].is_string());
        let events = |text: &str| text.lines().count();
        assert_eq!(
            events(&text),
            events(&std::fs::read_to_string(&recording).unwrap())
        );
    }
}

#[test]
fn one_key_joins_two_sessions_and_another_does_not() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("team.key");
    let names: Vec<Value> = ["a", "b"]
        .map(|_| {
            let session =
                Session::play_with("strict", "json", &["--redact-key", key.to_str().unwrap()]);
            session.events()[0]["kind"]["session-started"]["pseudonyms"].clone()
        })
        .to_vec();
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0].as_str().map(str::len), Some(8));
    let apart = Session::play("strict", "json");
    assert_ne!(
        apart.events()[0]["kind"]["session-started"]["pseudonyms"],
        names[0]
    );
}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    let run = || {
        let output = finspect()
            .args(["run", "a.test", "--listen", "192.0.2.1:1", "--redact-key"])
            .arg(&path)
            .arg("--ca-dir")
            .arg(folder.path().join("ca"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let talk = run();
    assert!(talk.contains("made the redaction key"), "{talk}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim().len(), 64);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert!(!run().contains("made the redaction key"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(run().contains("others can read it"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "s3cret").unwrap();
    let talk = run();
    assert!(
        talk.contains("64 hexadecimal digits") && !talk.contains("s3cret"),
        "{talk}"
    );
}

#[test]
fn a_strict_recording_never_becomes_standard() {
    let session = Session::play("strict", "json");
    let output = finspect()
        .args(["redact", "--level", "standard"])
        .arg(session.recording())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("strict already"), "{talk}");
}

#[test]
fn what_cannot_be_read_is_not_copied_and_a_gap_stands_for_it() {
    let session = Session::play("off", "json");
    let recording = session.recording();
    let text = std::fs::read_to_string(&recording).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.len() - 1;
    lines[3] = "{\"number\":3,\"kind\":{\"damaged password=hunter2".to_owned();
    lines[5] = "{\"number\":5,\"time\":{\"arrived\":1},\"kind\":{\"newer\":\"password=hunter2\"}}"
        .to_owned();
    lines.remove(7);
    lines[last - 1] = "password=hunter2".to_owned();
    std::fs::write(&recording, lines.join("\n") + "\n").unwrap();
    let output = finspect().arg("redact").arg(&recording).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{talk}");
    assert!(
        talk.contains("4 events are not in the new recording"),
        "{talk}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        !text.contains("hunter2") && !talk.contains("hunter2"),
        "{text}"
    );
    let mut next = 1;
    for line in text.lines().skip(1) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["number"], next, "{line}");
        next += event["kind"]["gap"]["events"].as_u64().unwrap_or(1);
    }
    assert_eq!(text.matches("\"gap\"").count(), 4, "{text}");
}

/// What must not be seen of persons at the level strict.
const PERSONS: [(&str, &str); 8] = [
    ("user", "zzquesnoy"),
    ("first name", "Adalind"),
    ("last name", "Wexbury"),
    ("extension", "482157306"),
    ("caller", "15557301946"),
    ("dialled number", "5557309921"),
    ("email", "adalind.w@mail.example"),
    ("client", "198.51.100.77"),
];

/// Places that no event has in it, not even without redaction.
const UNSEEN: [&str; 4] = [
    "upstream proxy",
    "proxy authorization",
    "malformed request at the door",
    "malformed head",
];

/// The secrets of a session, one for each place.
#[derive(Default)]
struct Plants(RefCell<Vec<(String, String)>>);

impl Plants {
    /// A secret of two halves, each of which is looked for.
    fn at(&self, place: &str) -> String {
        let mut plants = self.0.borrow_mut();
        let number = plants.len();
        let secret = format!("qzA{number:02}Kxw!vbB{number:02}Ymt");
        plants.push((place.to_owned(), secret.clone()));
        secret
    }

    fn secrets(&self) -> Vec<(String, String)> {
        self.0.borrow().clone()
    }
}

/// The text as it is, and every way to write it that a reader could undo.
fn forms(text: &str) -> Vec<String> {
    let escaped = |prefix: &str, byte: u8| format!("{prefix}{byte:02X}");
    let all = |prefix: &str| {
        text.bytes()
            .map(|byte| escaped(prefix, byte))
            .collect::<String>()
    };
    let some = |prefix: &str| {
        let one = |byte: u8| match byte {
            b'!' | b'@' | b'+' => escaped(prefix, byte),
            _ => char::from(byte).to_string(),
        };
        text.bytes().map(one).collect::<String>()
    };
    let mut forms = vec![
        text.to_owned(),
        all("%"),
        all("%25"),
        some("%"),
        some("%25"),
        all(""),
    ];
    forms.extend([all("%").to_lowercase(), all("").to_lowercase()]);
    for padding in 0..3 {
        let bytes = [&b"xx"[..padding], text.as_bytes(), b"xx"].concat();
        let inner = (padding * 8).div_ceil(6)..(padding + text.len()) * 8 / 6;
        for encoded in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(encoded[inner.clone()].to_owned());
        }
    }
    forms
}

fn assert_hidden(output: &str, hidden: &[(String, String)], what: &str) {
    for (place, text) in hidden {
        let halves = text
            .split_once('!')
            .map_or(vec![], |(one, other)| vec![one, other]);
        for part in [vec![text.as_str()], halves].concat() {
            for form in forms(part) {
                let line = output.lines().find(|line| line.contains(&form));
                assert!(
                    line.is_none(),
                    "{what}: the secret of {place} as {form} in {line:?}"
                );
            }
        }
    }
}

fn finspect() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
    command.env_remove("SSLKEYLOGFILE");
    command
        .env("FINSPECT_LOG", "trace")
        .env("RUST_LOG", "trace");
    command
}

/// A session that is over, and what it left.
struct Session {
    plants: Plants,
    stdout: String,
    stderr: String,
    folder: TempDir,
}

impl Session {
    fn play(level: &str, format: &str) -> Self {
        Self::play_with(level, format, &[])
    }

    fn play_with(level: &str, format: &str, more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let plants = Plants::default();
        let stage = Stage::start(&folder, &plants, level, format, more);
        stage.door(&plants);
        stage.http(&plants);
        stage.websocket(&plants);
        stage.tls(&plants);
        stage.end();
        let read = |name: &str| {
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        Self {
            plants,
            stdout,
            stderr,
            folder,
        }
    }

    fn assert_clean(&self, hidden: &[(String, String)]) {
        assert!(self.stdout.len() > 4096, "{}", self.stdout);
        assert_hidden(&self.stdout, hidden, "stdout");
        assert_hidden(&self.stderr, hidden, "stderr");
        if !self.stdout.starts_with("{\"number\":1,") {
            return;
        }
        let recording = self.recording();
        for words in COMMANDS {
            let file = recording.to_str().unwrap();
            let words = words
                .iter()
                .map(|word| if *word == "FILE" { file } else { word });
            let words: Vec<&str> = words.collect();
            let output = finspect().args(&words).output().unwrap();
            assert_ne!(output.status.code(), Some(70), "{words:?}");
            for bytes in [output.stdout, output.stderr] {
                assert_hidden(&String::from_utf8_lossy(&bytes), hidden, &words.join(" "));
            }
        }
    }

    fn events(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The session as a recording.
    fn recording(&self) -> PathBuf {
        let path = self.folder.path().join("session.jsonl");
        let header = json!({
            "format": "finspect-recording",
            "version": "1.0",
            "recording": "00112233",
            "part": 1,
            "first-event": 1,
            "began": 0,
            "session": self.events()[0]["kind"]["session-started"],
        });
        let mut file = File::create(&path).unwrap();
        write!(file, "{header}\n{}", self.stdout).unwrap();
        path
    }
}

/// A running finspect whose way out is a proxy that is every origin as well.
struct Stage {
    process: Child,
    front: SocketAddr,
    proxy: TcpListener,
    authority: PathBuf,
    identity: Identity,
}

impl Stage {
    fn start(folder: &TempDir, plants: &Plants, level: &str, format: &str, more: &[&str]) -> Self {
        let path = |name: &str| folder.path().join(name);
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let password = plants.at("upstream proxy");
        let way_out = format!("http://out:{password}@{}", proxy.local_addr().unwrap());
        std::fs::write(path("root.pem"), ROOT.pem()).unwrap();
        let process = finspect()
            .args([
                "run",
                HOST,
                "--listen",
                "127.0.0.1:0",
                "--redact",
                level,
                "--format",
                format,
            ])
            .args(["--upstream-proxy", &way_out])
            .args(more)
            .arg("--upstream-ca")
            .arg(path("root.pem"))
            .arg("--ca-dir")
            .arg(path("ca"))
            .arg("--ready-file")
            .arg(path("ready"))
            .stdin(Stdio::null())
            .stdout(File::create(path("stdout")).unwrap())
            .stderr(File::create(path("stderr")).unwrap())
            .spawn()
            .unwrap();
        let ready: Value = wait_for("ready file", || {
            serde_json::from_str(&std::fs::read_to_string(path("ready")).ok()?).ok()
        });
        let front = ready["listeners"][0]["address"].as_str().unwrap();
        Self {
            process,
            front: front.parse().unwrap(),
            proxy,
            authority: ready["ca"].as_str().unwrap().into(),
            identity: ROOT.identity(&[HOST]),
        }
    }

    /// A tunnel through finspect, and the origin's end of it.
    fn open(&self, headers: &str) -> (Wire, Wire) {
        let mut wire = Wire::connect(self.front);
        wire.send(
            format!("CONNECT {HOST}:8445 HTTP/1.1\r\nHost: {HOST}:8445\r\n{headers}\r\n")
                .as_bytes(),
        );
        let origin = self.accept("200 OK");
        let answer = wire.until(b"\r\n\r\n").unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        (wire, origin)
    }

    /// The proxy's answer to finspect.
    fn accept(&self, answer: &str) -> Wire {
        let (socket, _) = self.proxy.accept().unwrap();
        let mut origin = Wire::new(socket);
        origin.until(b"\r\n\r\n").unwrap();
        origin.send(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes());
        origin
    }

    /// One request and its answer, in pieces that arrive one by one.
    fn exchange(&self, request: &[&[u8]], answer: &[&[u8]]) {
        let (mut wire, mut origin) = self.open("");
        for piece in request {
            wire.send(piece);
            origin.take(piece.len()).unwrap();
        }
        for piece in answer {
            origin.send(piece);
            wire.take(piece.len()).unwrap();
        }
    }

    /// What comes to finspect itself.
    fn door(&self, plants: &Plants) {
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

    fn http(&self, plants: &Plants) {
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
        let secret = |place: &str| plants.at(place);
        let percent = |text: &str| {
            text.bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<String>()
        };
        let bodies = [
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
        ];
        for (kind, body) in &bodies {
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
            secret("trailer"),
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
    fn websocket(&self, plants: &Plants) {
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
        for stanza in [
            format!("<auth {sasl} mechanism='PLAIN'>{plain}</auth>"),
            format!("<auth {sasl} mechanism='OAUTHBEARER'>{oauth}</auth>"),
            format!("<response {sasl}>{scram}</response>"),
            format!(
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>482157306</resource></bind></iq>"
            ),
            format!("<presence from='zzquesnoy@{HOST}/desktop' to='zzquesnoy@{HOST}/482157306'/>"),
            format!(
                "<iq type='set' to='pubsub.{HOST}' id='s'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
                <subscribe node='/finesse/api/User/zzquesnoy' jid='zzquesnoy@{HOST}'/></pubsub></iq>"
            ),
            format!(
                "<iq password='{}' type='get'><oops",
                plants.at("malformed stanza")
            ),
        ] {
            let bytes = masked(FIN | TEXT, stanza);
            wire.send(&bytes);
            origin.take(bytes.len()).unwrap();
        }
        let update = |place: &str| {
            let dialog = format!(
                "<Update><data><dialog><fromAddress>+15557301946</fromAddress><mediaProperties><DNIS>5557309921</DNIS>\
                 <callvariables><CallVariable><name>callVariable1</name><value>{}</value></CallVariable></callvariables>\
                 </mediaProperties><participants><Participant><mediaAddress>482157306</mediaAddress></Participant></participants>\
                 </dialog></data><source>/finesse/api/User/zzquesnoy/Dialogs</source></Update>",
                plants.at(place)
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
        };
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
    fn tls(&self, plants: &Plants) {
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
        // A server that shows a certificate of another name, and a client that goes away.
        let (mut wire, _) = self.open("");
        wire.send(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
        drop(wire);
    }

    /// Ends the session in order.
    fn end(mut self) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let status = wait_for("end of finspect", || self.process.try_wait().unwrap());
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn chunk(bytes: &[u8]) -> String {
    format!(
        "{:x}\r\n{}\r\n",
        bytes.len(),
        String::from_utf8_lossy(bytes)
    )
}

/// Waits for a condition, for a minute at most.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no {what} within a minute");
}

const HOST: &str = "finesse.test";
const NOTHING: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
