//! The two pages that a person reads.

use crate::event::{Authority, CertificateFacts, TlsFailure};
use crate::proxy::Shared;
use crate::proxy::tls::Advice;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem}code,pre{font:14px/1.5 ui-monospace,monospace;background:#f2f2f0;border-radius:4px}code{padding:.1em .3em}\
pre{padding:.8rem;white-space:pre-wrap;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .6rem}\
@media(prefers-color-scheme:dark){body{color:#e6e6e3;background:#1b1b1a}code,pre{background:#2b2b29}a{color:#8ab4f8}}";

/// `/`: what this is, and the next step.
pub(super) fn front(own: &Authority, shared: &Shared) -> String {
    let hosts: String = shared
        .intercept
        .iter()
        .map(|one| format!("<li><code>{}</code></li>", escape(&one.to_string())))
        .collect();
    let authority = shared.minting.authority();
    let body = format!(
        "<h1>finspect is running</h1>\
<p>It relays the traffic of these hosts byte for byte, and shows what the Finesse desktop and the server say to each other:</p>\
<ul>{hosts}</ul>\
<h2>Next</h2>\
<ol>\
<li>Set the browser's proxy. Either the automatic configuration <code>http://{own}/proxy.pac</code>, \
which sends only these hosts through finspect, or the HTTP and HTTPS proxy <code>{own}</code>.</li>\
<li>Let this browser profile trust finspect's authority: <a href=\"/ca.crt\">ca.crt</a> \
(<a href=\"/ca.pem\">PEM</a>). Its SHA-256 fingerprint is</li></ol>\
<pre>{fingerprint}</pre>\
<ol start=\"3\"><li>Open the desktop and sign in. The session appears where finspect was started.</li></ol>\
<p>The authority is yours alone: its key never left this machine, it can vouch for nothing but the hosts above, \
and it expires within 90 days. <code>finspect ca remove</code> takes it away.</p>",
        fingerprint = escape(&authority.fingerprint()),
    );
    document("finspect", &body)
}

/// The page for a browser whose upstream we do not believe.
pub(super) fn not_believed(
    host: &str,
    reason: &TlsFailure,
    advice: Option<&Advice>,
    chain: &[CertificateFacts],
) -> String {
    let advice = advice.map_or_else(String::new, |advice| {
        format!(
            "<h2>What to do</h2><p>Check the certificate below with whoever runs the server. Then start finspect again; {}, \
for this host alone:</p><pre>{}</pre>",
            escape(&advice.words),
            escape(&advice.option)
        )
    });
    let chain: String = chain.iter().map(certificate).collect();
    let body = format!(
        "<h1>finspect does not trust the certificate of {host}</h1>\
<p>This page comes from finspect, not from the server. finspect stands between this browser and \
<code>{host}</code>, and refused to go on because {reason}. \
Without finspect the browser would judge for itself.</p>{advice}\
<h2>What the server presented</h2>{chain}",
        host = escape(host),
        reason = escape(&reason.to_string()),
    );
    document("finspect: certificate not trusted", &body)
}

fn certificate(facts: &CertificateFacts) -> String {
    format!(
        "<dl><dt>Subject</dt><dd>{}</dd><dt>Issuer</dt><dd>{}</dd><dt>Names</dt><dd>{}</dd>\
<dt>Valid</dt><dd>{} to {}</dd><dt>SHA-256</dt><dd><code>{}</code></dd></dl>",
        escape(&facts.subject),
        escape(&facts.issuer),
        escape(&facts.names.join(", ")),
        date(facts.not_before),
        date(facts.not_after),
        escape(&facts.sha256)
    )
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an impossible date".to_owned(), |at| at.to_string())
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
<body>{body}</body></html>\n"
    )
}

/// Text as HTML shows it; what a server presents may be made to be markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_presents_is_no_markup() {
        let facts = CertificateFacts {
            subject: "CN=<script>alert(1)</script>".to_owned(),
            issuer: String::new(),
            names: vec!["\"><img src=x>".to_owned()],
            not_before: 0,
            not_after: i64::MAX,
            sha256: "ab".to_owned(),
        };
        let advice = Advice {
            words: "<x>".to_owned(),
            option: "--pin <x>".to_owned(),
        };
        let page = not_believed("a.b", &TlsFailure::UnknownIssuer, Some(&advice), &[facts]);
        assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("<x>"));
        assert!(page.contains("an impossible date"));
    }
}
