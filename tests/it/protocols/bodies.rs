use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use prost::Message as _;
use sesame::api::Version;
use sesame::api::proto::zitadel::session::v2::CreateSessionRequest as Create;
use sesame::domain::Operation::CreateSession;

use super::checks;
use crate::support::app::{App, PASSWORD, header};
use crate::support::client::{Client, Wire, framed, json_of};
use crate::support::faults;

#[tokio::test]
async fn a_body_that_is_no_message_is_an_invalid_argument() {
    let app = App::start().await;
    let whole = framed(b"\x12\x05\x0a\x03key");
    let text = |bytes: &[u8]| Bytes::from(STANDARD.encode(bytes));
    let two = [&whole[..], &whole].concat();
    let runs = [text(&whole[..4]), text(&whole[4..])].concat();
    for (wire, body, good) in [
        (Wire::ConnectProto, Bytes::new(), true),
        (Wire::ConnectProto, Bytes::from_static(b"\x0a\x05"), false),
        (Wire::ConnectJson, Bytes::new(), true),
        (Wire::ConnectJson, Bytes::from_static(b"null"), false),
        (Wire::ConnectJson, Bytes::from_static(b"{}{}"), false),
        (Wire::Grpc, framed(b""), true),
        (Wire::Grpc, whole.clone(), true),
        (Wire::Grpc, Bytes::new(), false),
        (Wire::Grpc, whole.slice(..4), false),
        (Wire::Grpc, whole.slice(..8), false),
        (Wire::Grpc, Bytes::from(two.clone()), false),
        (Wire::Grpc, framed(b"\x0a\x05"), false),
        (Wire::GrpcWeb, framed(b""), true),
        (Wire::GrpcWeb, Bytes::new(), false),
        (Wire::GrpcWeb, whole.slice(..8), false),
        (Wire::GrpcWeb, Bytes::from(two.clone()), false),
        (Wire::GrpcWebText, text(&whole), true),
        (Wire::GrpcWebText, Bytes::from(runs), true),
        (Wire::GrpcWebText, whole.clone(), false),
        (Wire::GrpcWebText, Bytes::from_static(b"!!!!"), false),
    ] {
        let client = Client::new(&app).over(wire, Version::V2);
        let request = client.raw("CreateSession", body.clone());
        let answer = client.send(request).await;
        let code = client.created(&answer).err().map(|fault| fault.code);
        let is_framed = matches!(wire, Wire::Grpc | Wire::GrpcWeb | Wire::GrpcWebText);
        let want = match good {
            true => None,
            // There is no message, or there are two.
            false if is_framed && (body.is_empty() || body == two) => Some(12),
            false => Some(3),
        };
        assert_eq!(code, want, "{wire:?} {body:?}");
    }
}

/// A frame says that it is compressed, and a header must say how.
#[tokio::test]
async fn a_compressed_flag_needs_an_encoding() {
    let app = App::start().await;
    let mut flagged = framed(b"").to_vec();
    flagged[0] = 1;
    for wire in [Wire::Grpc, Wire::GrpcWeb, Wire::GrpcWebText] {
        for (encoding, want) in [
            (None, Some(13)),
            (Some("identity"), Some(13)),
            (Some("gzip"), None),
            (Some("br"), Some(12)),
        ] {
            let body = Bytes::from(flagged.clone());
            let body = if wire == Wire::GrpcWebText {
                Bytes::from(STANDARD.encode(&body))
            } else {
                body
            };
            let client = Client::new(&app).over(wire, Version::V2);
            let mut request = client.raw("CreateSession", body);
            if let Some(encoding) = encoding {
                request = crate::support::app::header(request, "grpc-encoding", encoding);
            }
            let answer = client.send(request).await;
            assert_eq!(answer.status, 200);
            let code = client.created(&answer).err().map(|fault| fault.code);
            assert_eq!(code, want, "{wire:?} {encoding:?}");
            assert!(app.logged().iter().all(|line| line["level"] != "error"));
        }
    }
}

#[tokio::test]
async fn gzip_is_read_up_to_the_limit() {
    use std::io::Write as _;

    let app = App::with(&[("MAX_BODY_BYTES", "4096"), ("MAX_MESSAGE_BYTES", "2048")]).await;
    let gzip = |plain: &[u8]| {
        let fast = flate2::Compression::fast();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let create = |size| Create {
        metadata: BTreeMap::from([("key".to_owned(), vec![0; size])]),
        ..Create::default()
    };
    let client = |wire| Client::new(&app).over(wire, Version::V2);
    let plain = |wire, request: &Create| client(wire).request(CreateSession, request);
    let compressed = |wire: Wire, request: &Create| {
        let message = request.encode_to_vec();
        let message = match wire {
            Wire::Json | Wire::ConnectJson => json_of("CreateSessionRequest", &message)
                .to_string()
                .into_bytes(),
            _ => message,
        };
        let message = gzip(&message);
        let mut frame = framed(&message).to_vec();
        frame[0] = 1;
        let (body, name) = match wire {
            Wire::Json | Wire::ConnectJson | Wire::ConnectProto => (message, "content-encoding"),
            Wire::GrpcWeb | Wire::Grpc => (frame, "grpc-encoding"),
            Wire::GrpcWebText => (STANDARD.encode(frame).into_bytes(), "grpc-encoding"),
        };
        header(client(wire).raw("CreateSession", body.into()), name, "gzip")
    };

    for wire in Wire::ALL {
        for (request, want) in [
            (compressed(wire, &create(1000)), None),
            // It is short when compressed, and longer than a message may be: a bomb.
            (compressed(wire, &create(60_000)), Some(8)),
            (plain(wire, &create(1000)), None),
            (plain(wire, &create(2048)), Some(8)),
            // It is too long before it is decompressed.
            (plain(wire, &create(4096)), Some(8)),
        ] {
            let answer = client(wire).send(request).await;
            let code = client(wire).created(&answer).err();
            assert_eq!(code.map(|fault| fault.code), want, "{wire:?}");
        }
    }
}

#[tokio::test]
async fn another_compression_is_unimplemented_and_gzip_offered() {
    let app = App::start().await;
    for wire in Wire::ALL {
        let (asks, offers) = if wire.speaks_http() {
            ("content-encoding", "accept-encoding")
        } else {
            ("grpc-encoding", "grpc-accept-encoding")
        };
        let client = Client::new(&app).over(wire, Version::V2);
        let request = client.request(CreateSession, &Create::default());
        let answer = client.send(header(request, asks, "br")).await;

        let fault = client.created(&answer).err().unwrap();
        assert_eq!(fault.code, 12, "{wire:?}");
        assert_eq!(answer.headers[offers], "identity,gzip", "{wire:?}");
    }
}

#[tokio::test]
async fn grpc_without_trailers_is_refused_with_a_hint() {
    // This comes before authorisation.
    let app = App::with(&[("ACCESS", "token")]).await;
    let client = Client::new(&app).over(Wire::Grpc, Version::V2);
    let mut request = client.request(CreateSession, &Create::default());
    request.context.trailers = false;

    let answer = client.send(request).await;

    // Trailers-only: the status is in the headers, and there is no body.
    assert_eq!(answer.headers["grpc-status"], "12");
    assert_eq!(answer.trailers, None);
    assert!(answer.body.is_empty());
    let message = answer.headers["grpc-message"].to_str().unwrap();
    assert!(
        message.contains("gRPC-Web") && message.contains("HTTP/2"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_clients_deadline_is_kept() {
    let app = App::emulated(&[]).await;
    let nothing = Create::default();
    let client = |wire| Client::new(&app).over(wire, Version::V2);
    let with = |wire: Wire, value: &str| {
        let name = if wire.speaks_http() {
            "connect-timeout-ms"
        } else {
            "grpc-timeout"
        };
        header(client(wire).request(CreateSession, &nothing), name, value)
    };
    for wire in Wire::ALL.into_iter().filter(|wire| *wire != Wire::Json) {
        let (long, short, none, wrong) = if wire.speaks_http() {
            ("20000", "50", "0", "1s")
        } else {
            ("20S", "50m", "0n", "1s")
        };
        for (value, delay, want) in [
            (long, 100, None),
            (short, 0, None),
            (short, 100, Some(4)),
            (none, 100, Some(4)),
            (wrong, 0, Some(3)),
        ] {
            app.faults.clear();
            let delay = Duration::from_millis(delay);
            app.faults
                .inject(faults::Fault::Delay(delay).once().for_action("PutItem"));
            let answer = client(wire).send(with(wire, value)).await;
            let fault = client(wire).created(&answer).err();
            assert_eq!(
                fault.map(|fault| fault.code),
                want,
                "{wire:?} {value} {delay:?}"
            );
        }
    }
}

/// A call that was dropped halfway would leave its attempt counted as a failure.
#[tokio::test]
async fn a_clients_deadline_costs_no_password_attempt() {
    let app = App::with(&[("MAX_PASSWORD_ATTEMPTS", "2")]).await;
    let mini = app.user("mini").await;
    let login = checks(mini.login_name.as_str(), PASSWORD);
    let client = Client::new(&app).over(Wire::GrpcWeb, Version::V2);

    let span = Duration::from_millis(100);
    for (slow, action) in [
        (faults::Fault::Delay(span), "UpdateItem"),
        // The attempt is counted when the deadline passes.
        (faults::Fault::ApplyThenWait(span), "UpdateItem"),
        (faults::Fault::Delay(span), "PutItem"),
    ] {
        for _ in 0..3 {
            app.faults.inject(slow.once().for_action(action));
            let request = client.request(CreateSession, &login);
            let request = header(request, "grpc-timeout", "20m");
            let answer = client.send(request).await;

            let fault = client.created(&answer).err().unwrap();
            assert_eq!(fault.code, 4, "{slow:?} {action}");
        }
    }

    assert_eq!(app.login("mini").await.attempts.failures, 0);
}

#[tokio::test]
async fn a_deadline_of_zero_costs_no_request() {
    let app = App::start().await;
    let client = Client::new(&app).over(Wire::Grpc, Version::V2);
    let request = client.request(CreateSession, &Create::default());

    let answer = client.send(header(request, "grpc-timeout", "0n")).await;

    assert_eq!(client.created(&answer).err().unwrap().code, 4);
    assert_eq!(app.faults.requests().len(), 0);
}
