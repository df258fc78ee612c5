//! Any bytes at all.

use proptest::prelude::*;

use super::fuzzing;

proptest! {
    #[test]
    fn any_bytes_are_read_alike_at_any_split(input in hostile()) {
        fuzzing::http1(&input);
        fuzzing::ws_frame(&input);
        fuzzing::ws_stream(&input);
        fuzzing::xmpp(&input);
        fuzzing::tap_two_sided(&input);
    }

    #[test]
    fn any_interleaving_is_read(chunks in prop::collection::vec((any::<bool>(), hostile()), 0..20)) {
        let mut input = Vec::new();
        for (to_client, bytes) in chunks {
            let bytes = &bytes[..bytes.len().min(127)];
            input.push(bytes.len() as u8 * 2 + u8::from(to_client));
            input.extend_from_slice(bytes);
        }
        fuzzing::tap_two_sided(&input);
    }
}

/// Bytes, some of them as the protocols have them.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(WORDS);
    let part = prop_oneof![
        words.prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

const WORDS: &[&[u8]] = &[
    b"\0\x20",
    b"GET / HTTP/1.1\r\n",
    b"HEAD /x HTTP/1.0\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
    b"HTTP/1.1 100 \r\n\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: br\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\r\n",
    b"\n\n",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"\x81\x02hi",
    b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
    b"\x01\x01a",
    b"\x80\x01b",
    b"\x89\x01p",
    b"\x8a\x01p",
    b"\x88\x00",
    b"<iq xmlns='jabber:client' type='get'>",
    b"<a b='",
    b"'/>",
    b"</iq>",
    b"<![CDATA[",
    b"]]>",
    b"&lt;",
    b"&#x41;",
];
