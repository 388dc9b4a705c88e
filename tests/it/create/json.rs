//! What is JSON at all. How its fields are read is tested beside the reader, and `openapi` tests
//! each field of each call.

use crate::support::app::{App, NOW, post};

#[tokio::test]
async fn a_body_is_one_object_of_json_or_refused() {
    let app = App::start().await;
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));

    for body in [&b""[..], b" \r\n\t", b"{}", b" {} \n"] {
        assert_eq!(app.send(post(body), NOW).await.status, 200, "{body:?}");
    }
    for body in [
        &b"null"[..],
        b"[]",
        b"1",
        b"\"text\"",
        b"true",
        b"{",
        b"{\"checks\":{\"user\"",
        b"{'checks':{}}",
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b"{} x",
        b"{},",
        b"{\"a\":\"\\ud800\"}",
        b"{\"\\udc00\":1}",
        deep.as_bytes(),
        // Not UTF-8.
        b"{\"a\":\"\xff\"}",
        b"\xff\xfe{\0}\0",
        b"{\"\xc0\x80\":1}",
        // A name twice.
        b"{\"checks\":{},\"checks\":{}}",
        b"{\"checks\":null,\"checks\":{}}",
        b"{\"x\":[{\"y\":1,\"y\":1}]}",
        b"{\"metadata\":{\"a\":\"\",\"a\":\"\"}}",
        b"{\"checks\":{\"user\":{\"loginName\":\"a\",\"login\\u004eame\":\"a\"}}}",
    ] {
        let answer = app.send(post(body.to_vec()), NOW).await;
        assert_eq!(answer.status, 400, "{}", body.escape_ascii());
        assert_eq!(answer.outcome(), "code 3", "{}", body.escape_ascii());
    }
}
