//! What never leaves the tap in clear: secrets become keyed pseudonyms before the bus sees an event.
