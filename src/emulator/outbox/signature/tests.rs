use http::{HeaderName, HeaderValue};

use super::*;

/// The token of AWS's own examples.
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
/// 2015-08-30T12:36:00Z.
const SIGNED_AT: Timestamp = Timestamp::from_millis(1_440_938_160_000);

fn keys(session_token: Option<&str>) -> OutboxKeys {
    OutboxKeys {
        region: "us-east-1".to_owned(),
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: session_token.map(str::to_owned),
    }
}

fn authorization(headers: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders={headers}, Signature={signature}"
    )
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .header("host", "example.amazonaws.com")
        .header("x-amz-date", "20150830T123600Z")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// A request with a session token and its signature, as AWS publishes it.
fn with_token() -> Request<Bytes> {
    let authorization = authorization(
        "host;x-amz-date;x-amz-security-token",
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    );
    let headers = [
        ("authorization", &*authorization),
        ("x-amz-security-token", TOKEN),
    ];
    request("POST", "/", &headers, "")
}

/// Cases of the test suite that AWS publishes for implementations of Signature Version 4.
#[test]
fn the_signatures_that_aws_publishes_are_right() {
    let sign = |signature: &str| authorization("host;x-amz-date", signature);
    for (request, token) in [
        (
            request(
                "POST",
                "/",
                &[(
                    "authorization",
                    &sign("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
                )],
                "",
            ),
            None,
        ),
        (
            request(
                "GET",
                "/?Param2=value2&Param1=value1",
                &[(
                    "authorization",
                    &sign("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
                )],
                "",
            ),
            None,
        ),
        (
            request(
                "POST",
                "/",
                &[
                    ("content-type", "application/x-www-form-urlencoded"),
                    ("content-length", "13"),
                    (
                        "x-amz-content-sha256",
                        "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                    ),
                    (
                        "authorization",
                        &authorization(
                            "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
                            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
                        ),
                    ),
                ],
                "Param1=value1",
            ),
            None,
        ),
        (with_token(), Some(TOKEN)),
    ] {
        let verified = keys(token).verify(&request, "service", SIGNED_AT);
        assert_eq!(verified, Ok(()), "{request:?}");
    }
}

fn set(name: &'static str, value: &str) -> Request<Bytes> {
    let mut request = with_token();
    let value = HeaderValue::from_str(value).unwrap();
    let name = HeaderName::from_static(name);
    request.headers_mut().insert(name, value);
    request
}

fn without(name: &str) -> Request<Bytes> {
    let mut request = with_token();
    request.headers_mut().remove(name);
    request
}

fn twice(name: &'static str, value: &'static str) -> Request<Bytes> {
    let mut request = with_token();
    let value = HeaderValue::from_static(value);
    request.headers_mut().append(name, value);
    request
}

/// The request with another `Authorization` header.
fn authorized(from: &str, to: &str) -> Request<Bytes> {
    let request = with_token();
    let value = request.headers()["authorization"].to_str().unwrap();
    assert!(value.contains(from), "{from}");
    set("authorization", &value.replace(from, to))
}

#[test]
fn a_request_without_a_right_credential_is_refused() {
    for (request, want) in [
        (without("authorization"), MISSING),
        (twice("authorization", "x"), MISSING),
        (set("authorization", "Bearer x"), INCOMPLETE),
        (authorized("Signature=", "Sign="), INCOMPLETE),
        (
            authorized("Signature=", "Signature=1, Signature="),
            INCOMPLETE,
        ),
        (without("x-amz-date"), INCOMPLETE),
        (set("x-amz-date", "20150830"), INCOMPLETE),
        (set("x-amz-date", "20150230T123600Z"), INCOMPLETE),
        (set("x-amz-date", "20150830T126000Z"), INCOMPLETE),
        (set("x-amz-date", "20150830T12:600Z"), INCOMPLETE),
        (without("x-amz-security-token"), UNKNOWN_KEY),
        (set("x-amz-security-token", "another"), UNKNOWN_KEY),
        (twice("x-amz-security-token", TOKEN), UNKNOWN_KEY),
        (authorized("AKIDEXAMPLE", "AKID"), UNKNOWN_KEY),
        (authorized("us-east-1", "us-east-2"), WRONG_SCOPE),
        (authorized("/service/", "/ses/"), WRONG_SCOPE),
        (set("x-amz-date", "20150831T123600Z"), WRONG_SCOPE),
        (authorized(";x-amz-security-token", ""), UNSIGNED_HEADER),
        (authorized("host;", ""), UNSIGNED_HEADER),
        (
            authorized("host;x-amz-date", "x-amz-date;host"),
            UNSIGNED_HEADER,
        ),
        (authorized("host;", "host;nothing;"), UNSIGNED_HEADER),
        (set("content-type", "text/plain"), UNSIGNED_HEADER),
        (set("x-amz-target", "Send"), UNSIGNED_HEADER),
    ] {
        let verified = keys(Some(TOKEN)).verify(&request, "service", SIGNED_AT);
        assert_eq!(verified, Err(want), "{request:?}");
    }
}

#[test]
fn whatever_is_changed_makes_a_signature_wrong() {
    let changed = |change: fn(&mut Request<Bytes>)| {
        let mut request = with_token();
        change(&mut request);
        request
    };
    for request in [
        set("x-amz-date", "20150830T123601Z"),
        set("host", "example.amazonaws.org"),
        authorized("85d968", "85d969"),
        changed(|request| *request.method_mut() = http::Method::PUT),
        changed(|request| *request.uri_mut() = "/x".parse().unwrap()),
        changed(|request| *request.uri_mut() = "/?x=1".parse().unwrap()),
        changed(|request| *request.body_mut() = Bytes::from_static(b"{}")),
    ] {
        let verified = keys(Some(TOKEN)).verify(&request, "service", SIGNED_AT);
        assert_eq!(verified, Err(WRONG), "{request:?}");
    }
    let mut other = keys(Some(TOKEN));
    other.secret_access_key.push('x');
    let verified = other.verify(&with_token(), "service", SIGNED_AT);
    assert_eq!(verified, Err(WRONG));
}

#[test]
fn a_signature_is_right_for_a_quarter_of_an_hour() {
    let minutes = Duration::from_mins;
    for (now, want) in [
        (SIGNED_AT.minus(minutes(15)), Ok(())),
        (SIGNED_AT.plus(minutes(15)), Ok(())),
        (SIGNED_AT.minus(minutes(16)), Err(EXPIRED)),
        (SIGNED_AT.plus(minutes(16)), Err(EXPIRED)),
    ] {
        let verified = keys(Some(TOKEN)).verify(&with_token(), "service", now);
        assert_eq!(verified, want, "{now:?}");
    }
}

/// An SDK that uses HTTP/2 sends no `Host`, and signs the authority of the URL.
#[test]
fn the_host_of_the_url_stands_in_for_the_header() {
    let mut request = with_token();
    request.headers_mut().remove("host");
    *request.uri_mut() = "https://example.amazonaws.com/".parse().unwrap();

    let verified = keys(Some(TOKEN)).verify(&request, "service", SIGNED_AT);

    assert_eq!(verified, Ok(()));
}
