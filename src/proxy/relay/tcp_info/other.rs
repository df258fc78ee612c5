//! Systems where nothing is asked.

use tokio::net::TcpStream;

use crate::event::TcpInfo;

/// Nothing: not available here.
pub(super) const fn read(_: &TcpStream) -> Option<TcpInfo> {
    None
}
