//! Something between looks into TLS.

use super::{Fault, Shared};

/// It ends what is up and shows a certificate of its own.
pub(super) const FAULT: Fault = Fault {
    name: "tls-inspected",
    about: "a gateway begins to look into TLS, with a certificate that nobody here knows",
    wire: "RST on every connection; then another certificate for the same name, of another issuer",
    begin: |node| change(node, true),
    end: |node| change(node, false),
};

fn change(node: &Shared, inspected: bool) {
    node.health().inspected = inspected;
    node.lines.all().iter().for_each(|line| line.reset());
}
