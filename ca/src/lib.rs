//! The authority of finspect.
