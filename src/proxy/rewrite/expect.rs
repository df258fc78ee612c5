//! `Expect: 100-continue` through hyper: the client is asked for its body only once the upstream has asked.
//!
//! hyper's server sends a 100 by itself as soon as a body is read. So the body is not read before the upstream has
//! said 100 or has answered (RFC 9110 section 10.1.1).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::watch;

/// A request's body behind a gate.
pub(super) struct Gated {
    body: Incoming,
    /// Resolves once the gate is open; absent where it never was shut.
    gate: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

/// Opens the gate.
#[derive(Clone)]
pub(super) struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub(super) fn open(&self) {
        self.0.send_replace(true);
    }
}

impl Gated {
    /// Shuts the gate where the request expects a 100.
    pub(super) fn wrap(request: Request<Incoming>) -> (Request<Self>, Gate) {
        let (sender, mut receiver) = watch::channel(false);
        let gate = Gate(Arc::new(sender));
        let expects = request
            .headers()
            .get(http::header::EXPECT)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let mut request = request.map(|body| Self {
            body,
            gate: expects.then(|| {
                let opened = async move {
                    // A gate that is gone will not be opened: the exchange is over.
                    drop(receiver.wait_for(|open| *open).await);
                };
                Box::pin(opened) as Pin<Box<dyn Future<Output = ()> + Send + Sync>>
            }),
        });
        if expects {
            let gate = gate.clone();
            hyper::ext::on_informational(&mut request, move |response| {
                if response.status() == http::StatusCode::CONTINUE {
                    gate.open();
                }
            });
        }
        (request, gate)
    }
}

impl Body for Gated {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(gate) = &mut self.gate {
            ready!(gate.as_mut().poll(cx));
            self.gate = None;
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
