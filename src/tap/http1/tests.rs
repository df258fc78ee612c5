//! What a user reads of HTTP.

use crate::tap::testing::Transcript;

#[test]
fn pipelined_requests_are_paired_with_their_answers() {
    Transcript::default()
        .client("GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nPOST /c HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        .server("HTTP/1.0 204 No Content\r\n\r\n")
        .sees(&[
            "> request 1 GET /a HTTP/1.1",
            "> request 2 HEAD /b HTTP/1.1",
            "> request 3 POST /c HTTP/1.0",
            "> body 3 Length wire=3 \"abc\"",
            "< response 1 HTTP/1.1 200 OK",
            "< body 1 Length wire=2 \"hi\"",
            "< response 2 HTTP/1.1 200 OK",
            "< response 3 HTTP/1.0 204 No Content",
        ]);
}
