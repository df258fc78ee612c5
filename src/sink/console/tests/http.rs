//! HTTP exchanges.

use super::story::*;
use crate::event::*;

fn exchange() -> Story {
    let mut story = Story::new();
    let put = "<User><state>READY</state></User>";
    let error = "<ApiErrors><ApiError><ErrorType>Invalid State</ErrorType></ApiError></ApiErrors>";
    story
        .push(
            0,
            TO_SERVER,
            request(
                "PUT",
                "/finesse/api/User/1001002",
                vec![header("requestId", "r-1")],
            ),
        )
        .push(100, TO_SERVER, body(put))
        .push(
            30_000,
            TO_CLIENT,
            response(202, "Accepted", vec![header("Content-Length", "0")]),
        )
        .push(
            0,
            TO_SERVER,
            request("GET", "/finesse/api/SystemInfo", Vec::new()),
        )
        .push(12_300, TO_CLIENT, response(200, "OK", Vec::new()))
        .push(400_000, TO_CLIENT, body(put))
        .push(
            0,
            TO_SERVER,
            request("GET", "/finesse/api/User/7", Vec::new()),
        )
        .push(1_000, TO_CLIENT, response(401, "Unauthorized", Vec::new()))
        .push(10, TO_CLIENT, body(error))
        .push(0, TO_SERVER, request("GET", "/desktop/big", Vec::new()))
        .push(1_000, TO_CLIENT, response(200, "OK", Vec::new()))
        .push(
            9_000_000,
            None,
            EventKind::Closed(Closed {
                first: TO_CLIENT,
                to_server: 900,
                to_client: 20_000,
                lasted: Micros(9_500_000),
            }),
        );
    story
}

#[test]
fn an_http_exchange_is_one_line_with_its_times() {
    insta::assert_snapshot!(exchange().pretty(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:20.000                #3 → PUT /finesse/api/User/1001002  requestId r-1
    12:13:20.000      +0.1 ms   #3 → body of 33 bytes  application/xml
                  <User>
                    <state>READY</state>
                  </User>
    12:13:20.030     +30.0 ms   #3 ← 202 Accepted  PUT /finesse/api/User/1001002 · first byte after 30.1 ms
    12:13:20.030      +0.0 ms   #3 → GET /finesse/api/SystemInfo
    12:13:20.442      +400 ms   #3 ← 200 OK  GET /finesse/api/SystemInfo · 33 bytes · first byte 12.3 ms, total 412 ms
    12:13:20.442      +0.0 ms   #3 → GET /finesse/api/User/7
    12:13:20.443      +0.0 ms   #3 ← 401 Unauthorized  GET /finesse/api/User/7 · 80 bytes · first byte 1.0 ms, total 1.0 ms
                  <ApiErrors>
                    <ApiError>
                      <ErrorType>Invalid State</ErrorType>
                    </ApiError>
                  </ApiErrors>
    12:13:20.443      +0.0 ms   #3 → GET /desktop/big
    12:13:29.444     +9.000 s   #3 · gone after 9.500 s  the server moved first · 900 bytes to the server · 19 KiB to the client
                  never finished: 200 to GET /desktop/big
    "#);
    let text = exchange().compact();
    assert_eq!(text.lines().count(), exchange().events.len());
}
