//! Causes on the agent's machine: the page, the browser, sleep, processor time.

pub(super) mod browser_died;
pub(super) mod finspect_starved;
pub(super) mod host_suspended;
pub(super) mod page_closed;
pub(super) mod page_not_reading;
pub(super) mod tab_throttled;
