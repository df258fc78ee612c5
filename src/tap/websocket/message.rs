//! A data message while its frames come in.

use crate::event::{
    Content, DataOpcode, EventKind, FrameFacts, MessageFacts, Micros, Payload, WebSocketMessage,
};
use crate::tap::Kept;

use super::frame::FrameHeader;

/// A message that is not whole yet.
#[derive(Debug)]
pub(super) struct Message {
    opcode: DataOpcode,
    masked: bool,
    pub(super) compressed: bool,
    /// When its first byte arrived.
    pub(super) began: Micros,
    wire_size: u64,
    frame_count: u64,
    frames: Vec<FrameFacts>,
    /// What it says, inflated.
    pub(super) content: Kept,
}

impl Message {
    /// A message that begins with this frame.
    pub(super) const fn new(
        opcode: DataOpcode,
        header: &FrameHeader,
        compressed: bool,
        began: Micros,
        cap: usize,
    ) -> Self {
        Self {
            opcode,
            masked: header.mask.is_some(),
            compressed,
            began,
            wire_size: 0,
            frame_count: 0,
            frames: Vec::new(),
            content: Kept::new(cap),
        }
    }

    /// One of its frames is whole.
    pub(super) fn frame(&mut self, header: &FrameHeader, arrived: Micros) {
        self.wire_size += header.length;
        self.frame_count += 1;
        let is_only_one = header.fin && self.frame_count == 1;
        if !is_only_one && self.frames.len() < MessageFacts::FRAMES_KEPT {
            self.frames.push(FrameFacts {
                wire_size: header.length,
                arrived,
            });
        }
    }

    /// Whether it is text.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.opcode, DataOpcode::Text)
    }

    /// The message where it cannot be inflated: how it travelled, and all of its content cut.
    pub(super) fn unread(self) -> EventKind {
        let size = self.wire_size;
        let (message, _) = self.into_parts();
        EventKind::WebSocketMessage(WebSocketMessage {
            message,
            payload: Payload {
                content: Content::default(),
                size,
                cut: size,
            },
        })
    }

    /// How it travelled, and what it says.
    pub(super) fn into_parts(self) -> (MessageFacts, Kept) {
        let facts = MessageFacts {
            opcode: self.opcode,
            masked: self.masked,
            compressed: self.compressed,
            wire_size: self.wire_size,
            frame_count: self.frame_count,
            frames: self.frames,
        };
        (facts, self.content)
    }
}
