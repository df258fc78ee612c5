//! A Finesse to test against: REST, XMPP over WebSocket, a desktop page, a scripted agent, faults.
