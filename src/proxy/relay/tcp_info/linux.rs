//! Linux: `TCP_INFO`, which grows from one kernel to the next.
//!
//! The kernel fills as much as it has and as it is asked for, and says how much that was. Hence bytes are read here and
//! not a structure: a field beyond what an older kernel filled is absent instead of a zero that looks like a fact.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use crate::event::{Micros, TcpInfo, TcpLast, TcpState};

/// Enough for the fields below; `struct tcp_info` of Linux 6.18 is larger.
const LENGTH: usize = 256;

/// What the kernel knows of a TCP socket; nothing if it does not tell.
pub(super) fn read(socket: BorrowedFd<'_>) -> Option<TcpInfo> {
    let mut bytes = [0_u8; LENGTH];
    let filled = tcp_info(socket, &mut bytes)?;
    parse(bytes.get(..filled)?)
}

/// How many bytes the kernel has filled.
#[expect(unsafe_code, reason = "no crate in use has this socket option")]
fn tcp_info(socket: BorrowedFd<'_>, bytes: &mut [u8; LENGTH]) -> Option<usize> {
    let mut length = libc::socklen_t::try_from(bytes.len()).ok()?;
    // SAFETY: the descriptor is borrowed, so it is open; the kernel writes at most `length` bytes to `bytes`, which has
    // as many, and any bytes are a valid `[u8]`; both pointers live as long as the call.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            bytes.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    (answer == 0).then_some(usize::try_from(length).ok()?)
}

/// Reads the fields by their offsets in `struct tcp_info` (linux/tcp.h), which are part of the kernel's ABI.
fn parse(bytes: &[u8]) -> Option<TcpInfo> {
    let byte = |at: usize| bytes.get(at).copied();
    let word = |at: usize| {
        let word = bytes.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_ne_bytes(*word)))
    };
    let long = |at: usize| Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let micros = |at| word(at).map(Micros);
    let millis = |at| word(at).map(|millis| Micros(millis * 1000));
    Some(TcpInfo {
        state: state(byte(0)?),
        retransmits: byte(2)?.into(),
        unacked: word(24)?,
        lost: word(32)?,
        last: TcpLast {
            data_sent: millis(44)?,
            data_received: millis(52)?,
            ack_received: millis(56)?,
        },
        rtt: micros(68)?,
        rtt_variance: micros(72)?,
        congestion_window: word(80)?,
        retransmitted: word(100)?,
        acked: long(120),
        unsent: word(144),
        peer_window: word(228),
    })
}

/// The kernel's number of a state (net/tcp_states.h).
const fn state(number: u8) -> TcpState {
    match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 => TcpState::Closed,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        _ => TcpState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn a_kernel_that_fills_less_tells_less_and_never_a_false_zero() {
        let mut bytes = [0; LENGTH];
        bytes[0] = 1;
        bytes[228] = 9;
        assert_eq!(parse(&bytes).unwrap().peer_window, Some(9));
        let older = parse(&bytes[..104]).unwrap();
        assert_eq!(older.state, TcpState::Established);
        assert_eq!(
            (older.peer_window, older.unsent, older.acked),
            (None, None, None)
        );
        for length in 0..104 {
            assert_eq!(parse(&bytes[..length]), None);
        }
    }

    #[test]
    fn a_connection_that_has_carried_bytes_says_how_many() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.write_all(b"question").unwrap();
        far.read_exact(&mut [0; 8]).unwrap();
        far.write_all(b"answer").unwrap();
        near.read_exact(&mut [0; 6]).unwrap();
        let info = read(near.as_fd()).unwrap();
        assert_eq!(info.state, TcpState::Established);
        assert_eq!(info.unacked, 0);
        // The SYN counts as a byte.
        assert!(matches!(info.acked, Some(8 | 9)), "{info:?}");
        assert_eq!((info.unsent, info.retransmitted), (Some(0), 0));
        assert!(info.rtt > Micros(0) && info.congestion_window > 0);
    }
}
