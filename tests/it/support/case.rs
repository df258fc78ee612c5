//! One case of the fidelity suite: two scripts, played direct and in each mode, and the transcripts compared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};

use super::certificates::{self, ROOT};
use super::lab::Lab;
use super::script::{Script, Stage};
use super::slot::Loan;
use super::transcript::{Ending, Transcript};
use super::wire::{Caller, Wire};

/// What the two ends do.
pub(crate) struct Case {
    /// The client's script.
    pub(crate) client: Script,
    /// The origin's script.
    pub(crate) origin: Script,
}

/// How the client gets to the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// No finspect at all: the yardstick.
    Direct,
    /// `CONNECT` to an intercepted host.
    Connect,
    /// `CONNECT` to a host that is not intercepted.
    Tunnel,
    /// TLS straight to the front door.
    Sni,
    /// A reverse listener under the upstream's own name.
    Reverse,
}

/// What the bytes travel in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    /// TCP alone.
    Plain,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// In which modes and layers a case makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// Every mode, over TCP and TLS 1.3.
    Everywhere,
    /// Every mode, over TCP and both versions of TLS: for the manners of death.
    EveryVersion,
    /// Every mode that has TLS, over both versions of it.
    Tls,
    /// Only inside a tunnel, without TLS: what is no HTTP has no other way in.
    PlainTunnel,
}

/// What both ends saw.
pub(crate) struct Performance {
    /// The client's end.
    pub(crate) client: Transcript,
    /// The origin's end.
    pub(crate) origin: Transcript,
    /// The client, as finspect's events know it.
    pub(crate) caller: Caller,
}

/// Plays a case everywhere and panics with every difference.
pub(crate) fn play(place: Where, write: impl Fn(&str) -> Case) {
    watch(&Lab::shared(), place, write, |_, _| {});
}

/// As [`play`], and hands each performance through finspect to `look`.
pub(crate) fn watch(
    lab: &Arc<Lab>,
    place: Where,
    write: impl Fn(&str) -> Case,
    look: impl Fn((Mode, Layer), &Performance),
) {
    let loan = Arc::clone(lab).lend();
    let case = write(&loan.authority());
    let mut differences = Vec::new();
    for &layer in place.layers() {
        let direct = case.perform(&loan, Mode::Direct, layer);
        case.check_yardstick(&direct, layer);
        for &mode in place.modes(layer) {
            let attempt = catch_unwind(AssertUnwindSafe(|| {
                let through = case.perform(&loan, mode, layer);
                let found = through.differences(&direct);
                if found.is_empty() {
                    look((mode, layer), &through);
                }
                found
            }));
            let found = attempt.unwrap_or_else(|_| vec!["see the panic above".to_owned()]);
            differences.extend(
                found
                    .iter()
                    .map(|text| format!("{mode:?}, {layer:?}: {text}")),
            );
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

impl Case {
    fn perform(&self, loan: &Loan, mode: Mode, layer: Layer) -> Performance {
        let stage = Stage::default();
        loan.strays();
        std::thread::scope(|scope| {
            let _abandon = stage.abandon_on_panic();
            let origin = scope.spawn(|| self.perform_origin(loan, layer, &stage));
            let mut client = reach(loan, mode, layer);
            let caller = client.caller();
            self.client.play(&mut client, &stage);
            let client = client.into_transcript();
            let origin = origin
                .join()
                .unwrap_or_else(|why| std::panic::resume_unwind(why));
            assert_eq!(loan.strays(), 0, "connections that nobody asked for");
            Performance {
                client,
                origin,
                caller,
            }
        })
    }

    fn perform_origin(&self, loan: &Loan, layer: Layer, stage: &Stage) -> Transcript {
        let _abandon = stage.abandon_on_panic();
        let mut wire = Wire::new(loan.accept_unless(|| stage.is_abandoned()));
        if let Some(version) = layer.version() {
            wire.start_server(loan.identity.server(version, &[]))
                .unwrap_or_else(|ending| panic!("the origin's handshake failed: {ending:?}"));
        }
        self.origin.play(&mut wire, stage);
        wire.into_transcript()
    }

    /// What happened without finspect must be what the scripts say, or the comparison proves nothing.
    fn check_yardstick(&self, direct: &Performance, layer: Layer) {
        for (name, end) in [("client", &direct.client), ("origin", &direct.origin)] {
            let is_stuck = |ending: &Ending| matches!(ending, Ending::Stuck(_) | Ending::Other(_));
            let stuck = end.endings.iter().find(|ending| is_stuck(ending));
            assert_eq!(
                stuck, None,
                "direct, {layer:?}: the {name}'s script: {end:?}"
            );
        }
        if !self.client.is_violent() && !self.origin.is_violent() {
            assert!(
                direct.client.received == direct.origin.sent,
                "direct, {layer:?}"
            );
            assert!(
                direct.origin.received == direct.client.sent,
                "direct, {layer:?}"
            );
        }
    }
}

impl Performance {
    fn differences(&self, direct: &Self) -> Vec<String> {
        let ends = [
            ("client", self.client.difference(&direct.client)),
            ("origin", self.origin.difference(&direct.origin)),
        ];
        let shown = |(name, difference): (&str, Option<String>)| {
            difference.map(|text| format!("what the {name} saw is not what it sees direct\n{text}"))
        };
        ends.into_iter().filter_map(shown).collect()
    }
}

impl Where {
    const fn layers(self) -> &'static [Layer] {
        match self {
            Self::Everywhere => &[Layer::Plain, Layer::Tls13],
            Self::EveryVersion => &[Layer::Plain, Layer::Tls12, Layer::Tls13],
            Self::Tls => &[Layer::Tls12, Layer::Tls13],
            Self::PlainTunnel => &[Layer::Plain],
        }
    }

    const fn modes(self, layer: Layer) -> &'static [Mode] {
        match (self, layer) {
            (Self::PlainTunnel, _) => &[Mode::Connect, Mode::Tunnel],
            (_, Layer::Plain) => &[Mode::Connect, Mode::Tunnel, Mode::Reverse],
            (_, _) => &[Mode::Connect, Mode::Tunnel, Mode::Sni, Mode::Reverse],
        }
    }
}

impl Layer {
    /// The version of TLS, if there is TLS.
    pub(crate) const fn version(self) -> Option<&'static SupportedProtocolVersion> {
        match self {
            Self::Plain => None,
            Self::Tls12 => Some(&TLS12),
            Self::Tls13 => Some(&TLS13),
        }
    }
}

/// A client's connection to the lent origin, handshake done.
pub(crate) fn reach(loan: &Loan, mode: Mode, layer: Layer) -> Wire {
    let mut wire = knock(loan, mode, layer);
    if let Some(version) = layer.version() {
        secure(&mut wire, loan, mode, |root| {
            certificates::client(root, version, &[])
        })
        .unwrap_or_else(|ending| panic!("{mode:?}, {layer:?}: the handshake failed: {ending:?}"));
    }
    wire
}

/// A client's connection to the lent origin, before any TLS.
pub(crate) fn knock(loan: &Loan, mode: Mode, layer: Layer) -> Wire {
    match (mode, layer) {
        (Mode::Direct, _) => Wire::connect(loan.address()),
        (Mode::Connect, _) => loan.lab.tunnel(&loan.host),
        (Mode::Tunnel, _) => loan.lab.tunnel(&loan.tunnelled),
        (Mode::Sni, _) => loan.lab.knock(),
        (Mode::Reverse, Layer::Plain) => loan.lab.connect(loan.reverse_plain),
        (Mode::Reverse, _) => loan.lab.connect(loan.reverse_tls),
    }
}

/// A TLS handshake under the name, and against the root, that the mode has.
pub(crate) fn secure(
    wire: &mut Wire,
    loan: &Loan,
    mode: Mode,
    config: impl Fn(CertificateDer<'static>) -> Arc<ClientConfig>,
) -> Result<(), Ending> {
    let (name, root) = match mode {
        Mode::Direct => (&loan.host, ROOT.der()),
        Mode::Tunnel => (&loan.tunnelled, ROOT.der()),
        Mode::Connect | Mode::Sni | Mode::Reverse => (&loan.host, loan.lab.authority.clone()),
    };
    wire.start_client(config(root), name)
}

/// A table of cases: a name that says what the user gets, where it is played, and the two scripts.
macro_rules! cases {
    ($($(#[$meta:meta])* $name:ident, $place:ident, |$at:ident| $client:expr => $origin:expr;)*) => {
        /// The cases of this table, for the documentation to be checked against.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            $(#[$meta])*
            fn $name() {
                $crate::support::play($crate::support::Where::$place, |$at| $crate::support::Case {
                    client: $client,
                    origin: $origin,
                });
            }
        )*
    };
}

pub(crate) use cases;
