//! What a user reads of WebSocket.
use crate::tap::testing::Transcript;

#[test]
fn the_examples_of_rfc_6455() {
    Transcript::default()
        .client("GET /ws/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .server(b"\x81\x05Hello\x01\x03Hel\x89\x05Hello\x80\x02lo")
        .client(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
        .sees(&[
            "> request 1 GET /ws/ HTTP/1.1",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< opened /ws/ - deflate=false unknown=[]",
            "< Text frames=1 wire=5 \"Hello\"",
            "< ping \"Hello\"",
            "< Text frames=2 wire=5 \"Hello\"",
            "> Text frames=1 wire=5 \"Hello\"",
            "> pong \"Hello\" Some(100)",
        ]);
}
