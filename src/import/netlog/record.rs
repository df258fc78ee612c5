//! One event of a NetLog, as it stands in the file: what any of the types that are read has among its parameters.

use serde::de::{MapAccess, SeqAccess};

use crate::import::json::{Array, Elements, Members, Object, Scalar, next_scalar, pass, scalar};

/// An event.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) kind: u64,
    pub(super) phase: u64,
    pub(super) time: Scalar,
    pub(super) source: SourceId,
    pub(super) params: Params,
}

/// A source by its number.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SourceId {
    pub(super) id: u64,
    pub(super) kind: u64,
}

/// The parameters, those of all types together.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) url: String,
    pub(super) destination: String,
    pub(super) group: String,
    pub(super) method: String,
    pub(super) error: Option<f64>,
    pub(super) system_error: Option<u64>,
    pub(super) address: String,
    pub(super) local_address: String,
    pub(super) depends_on: Option<SourceId>,
    pub(super) line: String,
    pub(super) headers: Lines,
    pub(super) count: Option<u64>,
    pub(super) tls_version: String,
    pub(super) cipher_suite: Option<u64>,
    pub(super) alpn: String,
    pub(super) bytes: String,
    pub(super) opcode: Option<u64>,
    pub(super) is_final: bool,
    pub(super) masked: bool,
    pub(super) compressed: bool,
    pub(super) reason: String,
    pub(super) has_old_config: bool,
    /// The new proxy settings, or the other scalars of an event about the network, in words.
    pub(super) words: Words,
}

impl Object for Record {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = scalar(map)?.count().unwrap_or(u64::MAX),
            "phase" => self.phase = scalar(map)?.count().unwrap_or_default(),
            "time" => self.time = scalar(map)?,
            "source" => map.next_value_seed(Members(&mut self.source))?,
            "params" => map.next_value_seed(Members(&mut self.params))?,
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Object for SourceId {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = scalar(map)?.count().unwrap_or_default(),
            "type" => self.kind = scalar(map)?.count().unwrap_or(u64::MAX),
            _ => pass(map)?,
        }
        Ok(())
    }
}

impl Object for Params {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "url" | "original_url" => self.url = scalar(map)?.into_string(),
            "logical_destination" => self.destination = scalar(map)?.into_string(),
            "destination" if self.destination.is_empty() => {
                self.destination = scalar(map)?.into_string()
            }
            "group_id" | "group_name" => self.group = scalar(map)?.into_string(),
            "method" => self.method = scalar(map)?.into_string(),
            "os_error" => self.system_error = scalar(map)?.count().filter(|error| *error != 0),
            "net_error" => self.error = scalar(map)?.number(),
            "address" | "remote_address" => self.address = scalar(map)?.into_string(),
            "local_address" | "source_address" => self.local_address = scalar(map)?.into_string(),
            "source_dependency" => {
                map.next_value_seed(Members(self.depends_on.get_or_insert_default()))?;
            }
            "line" => self.line = scalar(map)?.into_string(),
            "headers" => map.next_value_seed(Elements(&mut self.headers))?,
            "byte_count" | "length" | "payload_length" => self.count = scalar(map)?.count(),
            "version" => self.tls_version = scalar(map)?.into_string(),
            "cipher_suite" => self.cipher_suite = scalar(map)?.count(),
            "next_proto" => self.alpn = scalar(map)?.into_string(),
            "bytes" => self.bytes = scalar(map)?.into_string(),
            "opcode" => self.opcode = scalar(map)?.count(),
            "final" => self.is_final = scalar(map)?.is_true(),
            "masked" => self.masked = scalar(map)?.is_true(),
            "reserved1" => self.compressed = scalar(map)?.is_true(),
            "reason" | "message" => self.reason = scalar(map)?.into_string(),
            "old_config" => {
                self.has_old_config = true;
                pass(map)?;
            }
            "new_config" => map.next_value_seed(Members(&mut self.words))?,
            _ => {
                let value = scalar(map)?;
                self.words.add(name, value);
            }
        }
        Ok(())
    }
}

/// Lines of a head, as many as an event has.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<String>,
    size: usize,
}

impl Array for Lines {
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error> {
        let Some(line) = next_scalar(seq)? else {
            return Ok(false);
        };
        let line = line.into_string();
        self.size += line.len();
        if self.size <= HEAD && self.lines.len() < FIELDS {
            self.lines.push(line);
        }
        Ok(true)
    }
}

/// Members as `name: value, …`, up to a bound; lists and objects inside are named without their content.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) String);

impl Words {
    fn add(&mut self, name: &str, value: Scalar) {
        let value = value.into_string();
        if self.0.len() + name.len() + value.len() > WORDS {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push_str(name);
        if !value.is_empty() {
            self.0.push_str(": ");
            self.0.push_str(&value);
        }
    }
}

impl Object for Words {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let value = scalar(map)?;
        self.add(name, value);
        Ok(())
    }
}

/// Bytes of all header fields of a head that are kept, as live.
const HEAD: usize = 64 * 1024;
/// Header fields of a head that are kept, as live, and the line before them.
const FIELDS: usize = 257;
/// Bytes of words that are kept.
const WORDS: usize = 1024;
