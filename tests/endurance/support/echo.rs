//! A server that sends back every message.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::{Diary, Socket};

/// The server; it lives as long as the test program.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
}

impl Echo {
    /// Starts one that notes what it received.
    pub(crate) fn start(diary: &Diary) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let diary = diary.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let diary = diary.clone();
                thread::spawn(move || answer(stream.unwrap(), &diary));
            }
        });
        Self { address }
    }
}

/// Sends everything back, until the other end is gone.
fn answer(stream: TcpStream, diary: &Diary) {
    let Ok(mut socket) = Socket::accept(stream) else {
        return;
    };
    while let Ok(text) = socket.receive() {
        diary.note(number(&text));
        if socket.send(&text).is_err() {
            return;
        }
    }
}

/// A stanza with a number, of some size.
pub(crate) fn stanza(number: u64, size: usize) -> String {
    format!(
        "<message id='{number}'><body>{}</body></message>",
        "x".repeat(size)
    )
}

/// The number of a stanza.
pub(crate) fn number(stanza: &str) -> u64 {
    let id = stanza.split('\'').nth(1).unwrap();
    id.parse().unwrap()
}
