//! Pure decoders of a copy of the traffic: bytes in, event kinds out.
//!
//! The relay calls [`Tap::push`] after the bytes have left; nothing in here can delay or change them. No sockets,
//! no clock, no globals. The same bytes give the same events at every split.
