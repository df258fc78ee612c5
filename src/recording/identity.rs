//! What tells one recording from another.

use std::io;

use ring::rand::{SecureRandom as _, SystemRandom};

/// A name for a new recording, for [`Header::recording`](super::Header::recording): sixteen random hexadecimal digits.
///
/// # Errors
/// Where the system has no randomness.
pub fn random_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        io::Error::other("the system gives no random bytes for the recording's name")
    })?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
