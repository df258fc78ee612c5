//! finspect's own pages: what this is, the PAC file, the authority's certificate, and why an upstream is not believed.

mod html;
mod pac;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::Shared;
use super::relay::{Leg, Tcp};
use super::tls::Advice;
use crate::event::{Authority, CertificateFacts, TlsFailure};

/// A page, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Page {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
}

/// The page for a browser whose upstream we do not believe.
pub(super) fn not_believed(
    host: &str,
    reason: &TlsFailure,
    advice: Option<&Advice>,
    chain: &[CertificateFacts],
) -> Page {
    Page {
        status: StatusCode::BAD_GATEWAY,
        content_type: HTML,
        body: html::not_believed(host, reason, advice, chain).into(),
    }
}

/// A page in plain text, for a failure of ours or of the upstream.
pub(super) fn plain(status: StatusCode, text: &str) -> Page {
    Page {
        status,
        content_type: TEXT,
        body: format!("finspect: {text}\n").into(),
    }
}

/// Serves the pages of the front door that was asked for as `own`.
pub(super) async fn serve(tcp: Tcp, own: &Authority, shared: &Arc<Shared>) {
    let service = service_fn(|request: Request<Incoming>| {
        let page = route(&request, own, shared);
        async move { Ok::<_, Infallible>(page.response()) }
    });
    run(Leg::plain(tcp), service, shared).await;
}

/// Serves one page, whatever is asked for, and closes: the next try is to ask the upstream again.
pub(super) async fn serve_one(leg: Leg, page: Page, shared: &Arc<Shared>) {
    let service = service_fn(|_: Request<Incoming>| {
        let mut response = page.response();
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        async move { Ok::<_, Infallible>(response) }
    });
    run(leg, service, shared).await;
}

impl Page {
    /// The page as a response.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(
            "x-content-type-options",
            HeaderValue::from_static("nosniff"),
        );
        headers.insert("x-finspect", HeaderValue::from_static("page"));
        response
    }
}

async fn run<S>(leg: Leg, service: S, shared: &Shared)
where
    S: hyper::service::HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let serving = http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(shared.patience)
        .serve_connection(TokioIo::new(leg), service);
    if let Err(error) = serving.await {
        tracing::debug!(%error, "a page was not fetched to its end");
    }
}

fn route(request: &Request<Incoming>, own: &Authority, shared: &Shared) -> Page {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "these pages can only be read",
        );
    }
    let authority = shared.minting.authority();
    let (content_type, body) = match request.uri().path() {
        "/" => (HTML, html::front(own, shared).into()),
        "/proxy.pac" => (PAC, pac::script(own, &shared.intercept).into()),
        "/ca.pem" => (PEM, authority.certificate_pem().to_owned().into()),
        "/ca.crt" => (DER, authority.certificate_der().to_vec().into()),
        _ => {
            return plain(
                StatusCode::NOT_FOUND,
                "there is /, /proxy.pac, /ca.pem and /ca.crt",
            );
        }
    };
    Page {
        status: StatusCode::OK,
        content_type,
        body,
    }
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PAC: &str = "application/x-ns-proxy-autoconfig";
const PEM: &str = "application/x-pem-file";
const DER: &str = "application/x-x509-ca-cert";

/// Our pages run no script and load nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
