//! The proxy auto-configuration file: just the intercepted hosts come through finspect.

use crate::event::Authority;
use crate::proxy::{HostPattern, Intercept};

/// The script that a browser runs for each address it opens.
pub(super) fn script(own: &Authority, intercept: &[Intercept]) -> String {
    let mut tests = String::new();
    for one in intercept {
        let host = match one.host() {
            HostPattern::Exact(host) => format!("host === {}", quoted(host)),
            HostPattern::Below(domain) => {
                format!("dnsDomainIs(host, {})", quoted(&format!(".{domain}")))
            }
        };
        let port = one.port().map_or_else(String::new, |port| {
            format!(" && portOf(url) === {}", quoted(&port.to_string()))
        });
        tests.push_str("  if (");
        tests.push_str(&host);
        tests.push_str(&port);
        tests.push_str(") return finspect;\n");
    }
    format!(
        r#"// finspect: what is named for interception goes through the proxy, everything else directly.
function portOf(url) {{
  var found = /^[a-z]+:\/\/[^\/?#]*:(\d+)(?:[\/?#]|$)/i.exec(url);
  if (found) return found[1];
  return /^(https|wss):/i.test(url) ? "443" : "80";
}}

function FindProxyForURL(url, host) {{
  var finspect = {};
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
{tests}  return "DIRECT";
}}
"#,
        quoted(&format!("PROXY {own}"))
    )
}

/// A JavaScript string; host names and addresses hold nothing that JSON does not quote.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_that_were_named_come_through_finspect() {
        let own = Authority {
            host: "127.0.0.1".to_owned(),
            port: 8899,
        };
        let intercept =
            ["finesse.example.com:8445", "*.example.org"].map(|one| one.parse().unwrap());
        let script = script(&own, &intercept);
        assert!(script.contains(r#"var finspect = "PROXY 127.0.0.1:8899";"#));
        assert!(script.contains(
            r#"if (host === "finesse.example.com" && portOf(url) === "8445") return finspect;"#
        ));
        assert!(script.contains(r#"if (dnsDomainIs(host, ".example.org")) return finspect;"#));
        assert!(script.ends_with("  return \"DIRECT\";\n}\n"));
    }
}
