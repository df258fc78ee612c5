//! Reading a ClientHello without consuming it.

use std::io;

use rustls::server::Acceptor;

use crate::event;
use crate::proxy::relay::{Tcp, manner_of};

/// What a client offers, as far as the upstream's handshake depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hello {
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) cipher_suites: u32,
}

/// No ClientHello came.
#[derive(Debug)]
pub(crate) enum HelloError {
    /// The client ended or reset the connection in it.
    Ended(event::Manner),
    /// It is broken; the alert to answer with and what rustls says.
    Broken(Vec<u8>, String),
    /// It does not end within the limit.
    TooLarge,
}

/// A ClientHello, over all its fragments, at most.
const LIMIT: usize = 128 * 1024;

impl Hello {
    /// The event for it; `connect_name` is the host that the client asked for before.
    pub(crate) fn event(&self, connect_name: &str) -> event::ClientHello {
        let name = self.server_name.as_deref();
        let differs = name.is_some_and(|name| !name.eq_ignore_ascii_case(connect_name));
        event::ClientHello {
            server_name: self.server_name.clone(),
            connect_name: differs.then(|| connect_name.to_owned()),
            alpn: self.alpn.iter().map(|one| lossy(one)).collect(),
            cipher_suites: self.cipher_suites,
        }
    }
}

/// Reads until the ClientHello is whole; every byte stays in the prefix of `tcp`.
pub(crate) async fn read_hello(tcp: &mut Tcp) -> Result<Hello, HelloError> {
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    loop {
        let mut new = tcp.prefix().get(fed..).unwrap_or_default();
        fed = tcp.prefix().len();
        while !new.is_empty() {
            let broken = |error: io::Error| HelloError::Broken(Vec::new(), error.to_string());
            acceptor.read_tls(&mut new).map_err(broken)?;
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => return Ok(hello_of(&accepted.client_hello())),
                Err((error, mut alert)) => {
                    let mut bytes = Vec::new();
                    let written = alert.write_all(&mut bytes);
                    debug_assert!(written.is_ok(), "a Vec takes everything");
                    return Err(HelloError::Broken(bytes, error.to_string()));
                }
            }
        }
        if fed > LIMIT {
            return Err(HelloError::TooLarge);
        }
        match tcp.fill().await {
            Ok(0) => return Err(HelloError::Ended(event::Manner::Fin)),
            Ok(_) => {}
            Err(error) => return Err(HelloError::Ended(manner_of(&error))),
        }
    }
}

fn hello_of(hello: &rustls::server::ClientHello<'_>) -> Hello {
    let alpn = hello.alpn();
    Hello {
        server_name: hello.server_name().map(str::to_ascii_lowercase),
        alpn: alpn
            .map(|offers| offers.map(<[u8]>::to_vec).collect())
            .unwrap_or_default(),
        cipher_suites: u32::try_from(hello.cipher_suites().len()).unwrap_or(u32::MAX),
    }
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
