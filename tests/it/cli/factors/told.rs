//! Messages of what commands add and take.

use super::*;

/// An SES that accepts messages, at a URL of its own.
pub(super) fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sent, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !is_whole(&request) {
                let n = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..n]);
                if n == 0 {
                    break;
                }
            }
            let body = r#"{"MessageId":"1"}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = sent.send(String::from_utf8_lossy(&request).into_owned());
        }
    });
    (url, received)
}

/// Whether a request has as many bytes as its head says.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or_default()
}

#[test]
fn the_user_is_told_of_what_is_added_and_taken() {
    let dev = with_key();
    add(&dev, "ada", "7");
    let (url, received) = mail_server();
    let settings = [
        ("SERVER_KEY", SERVER_KEY),
        ("MAIL_FROM", "login@acme.example"),
        ("AWS_ENDPOINT_URL_SESV2", &*url),
        ("ORGANIZATION_NAME", "Acme"),
    ];
    let told = |command: &str, input: &str, subjects: &[&str]| {
        let done = tell_with(&dev, command, &settings, input).expect(0);
        assert_eq!(done.stderr.replace("line 1: updates otpEmail\n", ""), "");
        for subject in subjects {
            let mail = received.recv_timeout(std::time::Duration::from_secs(30));
            let mail = mail.unwrap();
            assert!(mail.contains("ada@x.org"), "{mail}");
            assert!(mail.contains(subject), "{mail}");
        }
        assert!(received.try_recv().is_err());
    };
    let line = json!({ "userId": "7", "loginName": "ada", "otpEmail": true }).to_string();

    told("user factors add-totp ada --yes", "", &["was added"]);
    told("user import --update --dry-run -", &line, &[]);
    told("user import --update -", &line, &["was added"]);
    told("user import --update -", &line, &[]);
    told(
        "user factors remove ada all --yes",
        "",
        &["was removed", "was removed"],
    );
    told("user factors remove ada all --yes", "", &[]);

    drop(received);
    let closed = closed();
    let unreachable = [
        ("SERVER_KEY", SERVER_KEY),
        ("MAIL_FROM", "login@acme.example"),
        ("AWS_ENDPOINT_URL_SESV2", &*closed),
    ];
    let done = tell_with(&dev, "user factors add-totp ada --yes", &unreachable, "").expect(0);
    let warning = "warning: ada isn't told of the change: ";
    assert!(done.stderr.starts_with(warning), "{done:?}");
    assert_eq!(listed(&dev, "ada")[0], true);
}
