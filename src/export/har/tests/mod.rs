//! Recordings as HAR.

mod exchanges;
mod file;
mod sockets;
mod story;
