//! Content that is kept up to a cap and counted beyond it.

use bytes::Bytes;

use crate::event::{Content, Payload};

/// Growing content; what is over its cap is counted only.
#[derive(Debug)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    size: u64,
    cap: usize,
}

impl Kept {
    /// Nothing yet, at most `cap` bytes ever.
    pub(super) const fn new(cap: usize) -> Self {
        Self {
            bytes: Vec::new(),
            size: 0,
            cap,
        }
    }

    /// Appends what still fits and gives that part to `touch`, to be changed in place.
    pub(super) fn push_with(&mut self, bytes: &[u8], touch: impl FnOnce(&mut [u8])) {
        self.size += bytes.len() as u64;
        let start = self.bytes.len();
        let fits = bytes.len().min(self.cap - start);
        if let Some(part) = bytes.get(..fits) {
            if start == 0 {
                self.bytes.reserve_exact(fits);
            }
            self.bytes.extend_from_slice(part);
        }
        if let Some(added) = self.bytes.get_mut(start..) {
            touch(added);
        }
    }

    /// Appends what still fits.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.push_with(bytes, |_| {});
    }

    /// Bytes that came, kept or not.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that came over the cap.
    pub(super) const fn over(&self) -> u64 {
        self.size - self.bytes.len() as u64
    }

    /// The bytes that were kept.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether everything was kept.
    pub(super) const fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.size
    }

    /// As an event keeps it, and whether it is UTF-8 as far as it was kept.
    pub(super) fn into_payload(self) -> (Payload, bool) {
        let was_cut = !self.is_whole();
        let (content, is_text) = match String::from_utf8(self.bytes) {
            Ok(text) => (Content::Text(text), true),
            Err(error) => {
                let fault = error.utf8_error();
                let mut bytes = error.into_bytes();
                if was_cut && fault.error_len().is_none() {
                    bytes.truncate(fault.valid_up_to());
                    (
                        Content::Text(String::from_utf8_lossy(&bytes).into_owned()),
                        true,
                    )
                } else {
                    (Content::Base64(Bytes::from(bytes)), false)
                }
            }
        };
        let cut = self.size.saturating_sub(content.len() as u64);
        let payload = Payload {
            content,
            size: self.size,
            cut,
        };
        (payload, is_text)
    }
}
