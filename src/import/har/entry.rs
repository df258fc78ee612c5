//! The members of an entry that are read, as they stand in the file.

use jiff::Timestamp;
use serde::de::{MapAccess, SeqAccess};

use crate::event::Header;
use crate::import::json::{Array, Elements, Members, Object, pass, scalar};

/// One entry, without its messages.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// When the request was issued, in microseconds since the Unix epoch.
    pub(super) started: Option<i64>,
    /// How long all of it took, in milliseconds.
    pub(super) time: f64,
    /// The connection's name: `_connectionId` where there is one.
    pub(super) connection: Option<String>,
    pub(super) server: String,
    pub(super) from_cache: bool,
    pub(super) request: Request,
    pub(super) response: Response,
    pub(super) timings: Timings,
    pub(super) close: Close,
}

/// The request.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) version: String,
    pub(super) headers: Headers,
    pub(super) body_size: Option<u64>,
    pub(super) body: Body,
}

/// The response.
#[derive(Debug, Default)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) version: String,
    pub(super) headers: Headers,
    pub(super) headers_size: Option<u64>,
    pub(super) body_size: Option<u64>,
    /// Head and body as they came, in bytes.
    pub(super) transfer_size: Option<u64>,
    pub(super) error: String,
    pub(super) body: Body,
}

/// `postData` or `content`.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) mime: String,
    pub(super) size: Option<u64>,
    pub(super) text: Option<String>,
    pub(super) is_base64: bool,
    /// Bytes at the end that were not in the recording, where finspect exported it.
    pub(super) cut: u64,
}

/// Milliseconds; less than 0 where a phase was not there.
#[derive(Debug)]
pub(super) struct Timings {
    pub(super) blocked: f64,
    pub(super) dns: f64,
    /// With [`Timings::ssl`] in it.
    pub(super) connect: f64,
    pub(super) ssl: f64,
    pub(super) send: f64,
    pub(super) wait: f64,
    pub(super) receive: f64,
}

/// `_webSocketClose`, which is no field of Chromium's.
#[derive(Debug, Default)]
pub(super) struct Close {
    pub(super) is_there: bool,
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    /// Seconds since the Unix epoch.
    pub(super) time: Option<f64>,
    /// `send` or `receive`.
    pub(super) way: String,
}

/// Header fields, as many as an event has.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) fields: Vec<Header>,
    size: usize,
}

impl Default for Timings {
    fn default() -> Self {
        let none = -1.0;
        Self {
            blocked: none,
            dns: none,
            connect: none,
            ssl: none,
            send: none,
            wait: none,
            receive: none,
        }
    }
}

impl Object for Entry {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "startedDateTime" => self.started = scalar(map)?.text().as_deref().and_then(micros),
            "time" => self.time = scalar(map)?.number().unwrap_or_default(),
            "_connectionId" => self.connection = named(scalar(map)?.into_string()),
            "connection" => {
                let name = named(scalar(map)?.into_string());
                self.connection = self.connection.take().or(name);
            }
            "serverIPAddress" => self.server = scalar(map)?.into_string(),
            "_fromCache" => self.from_cache = scalar(map)?.text().is_some(),
            "request" => map.next_value_seed(Members(&mut self.request))?,
            "response" => map.next_value_seed(Members(&mut self.response))?,
            "timings" => map.next_value_seed(Members(&mut self.timings))?,
            // HTTP Toolkit's "aborted" is no object: there was no Close.
            "_webSocketClose" => map.next_value_seed(Members(&mut self.close))?,
            _ => pass(map)?,
        }
        Ok(())
    }
}

/// `0` and the empty name stand for no connection.
fn named(name: String) -> Option<String> {
    (!name.is_empty() && name != "0" && name.len() <= 64).then_some(name)
}

fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_microsecond)
}

impl Object for Request {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "method" => self.method = scalar(map)?.into_string(),
            "url" => self.url = scalar(map)?.into_string(),
            "httpVersion" => self.version = scalar(map)?.into_string(),
            "headers" => map.next_value_seed(Elements(&mut self.headers))?,
            "bodySize" => self.body_size = scalar(map)?.count(),
            "postData" => map.next_value_seed(Members(&mut self.body))?,
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Object for Response {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "status" => {
                let status = scalar(map)?.count().unwrap_or_default();
                self.status = u16::try_from(status).unwrap_or_default();
            }
            "statusText" => self.reason = scalar(map)?.into_string(),
            "httpVersion" => self.version = scalar(map)?.into_string(),
            "headers" => map.next_value_seed(Elements(&mut self.headers))?,
            "headersSize" => self.headers_size = scalar(map)?.count(),
            "bodySize" => self.body_size = scalar(map)?.count(),
            "_transferSize" => self.transfer_size = scalar(map)?.count(),
            "_error" => self.error = scalar(map)?.into_string(),
            "content" => map.next_value_seed(Members(&mut self.body))?,
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Object for Body {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "mimeType" => self.mime = scalar(map)?.into_string(),
            "size" => self.size = scalar(map)?.count(),
            "text" => self.text = scalar(map)?.text(),
            "_finspectCut" => self.cut = scalar(map)?.count().unwrap_or_default(),
            "encoding" => self.is_base64 = scalar(map)?.text().as_deref() == Some("base64"),
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Object for Timings {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let field = match name {
            "blocked" => &mut self.blocked,
            "dns" => &mut self.dns,
            "connect" => &mut self.connect,
            "ssl" => &mut self.ssl,
            "send" => &mut self.send,
            "wait" => &mut self.wait,
            "receive" => &mut self.receive,
            _ => return pass(map),
        };
        *field = scalar(map)?.number().unwrap_or(-1.0);
        Ok(())
    }
}

impl Object for Close {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        self.is_there = true;
        match name {
            "code" => self.code = scalar(map)?.count().and_then(|code| code.try_into().ok()),
            "reason" => self.reason = scalar(map)?.into_string(),
            "time" | "timestamp" => self.time = scalar(map)?.number(),
            "type" => self.way = scalar(map)?.into_string(),
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Array for Headers {
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let mut field = Field(Header {
            name: String::new(),
            value: String::new(),
        });
        let more = seq.next_element_seed(Members(&mut field))?.is_some();
        let size = self.size + field.0.name.len() + field.0.value.len();
        if !field.0.name.is_empty() && size <= HEAD && self.fields.len() < FIELDS {
            self.size = size;
            self.fields.push(field.0);
        }
        Ok(more)
    }
}

struct Field(Header);

impl Object for Field {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.0.name = scalar(map)?.into_string(),
            "value" => self.0.value = scalar(map)?.into_string(),
            _ => pass(map)?,
        }
        Ok(())
    }
}

/// Bytes of all header fields of a head that are kept, as live.
const HEAD: usize = 64 * 1024;
/// Header fields of a head that are kept, as live.
const FIELDS: usize = 256;
