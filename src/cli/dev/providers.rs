//! Amazon SES and AWS End User Messaging, which the local service plays itself.

use super::outbox;
use crate::app::Settings;
use crate::aws::{Endpoint, MessageUrls, Messenger};
use crate::domain::Timestamp;
use crate::emulator::{Outbox, OutboxKeys};

/// Who messages are from, unless that is set. They are sent to nobody.
pub const MAIL_FROM: &str = "sesame@dev.example";
pub const SMS_ORIGINATION: &str = "arn:aws:sms-voice:local:000000000000:pool/sesame-dev";

/// The region, the key id and the secret that requests are signed with. Nothing else takes them.
const LOCAL: &str = "local";
/// A session token, as requests have it in Lambda.
const SESSION_TOKEN: &str = "local-session";
/// The URL of both services. It is not looked up.
const URL: &str = "http://localhost";

/// The services in this process. They print messages for whoever has started it, unless a program
/// reads what is printed.
pub fn outbox(now: fn() -> Timestamp, is_read_by_program: bool) -> Outbox {
    let keys = OutboxKeys {
        region: LOCAL.to_owned(),
        access_key_id: LOCAL.to_owned(),
        secret_access_key: LOCAL.to_owned(),
        session_token: Some(SESSION_TOKEN.to_owned()),
    };
    let show = if is_read_by_program {
        |_: &_| {}
    } else {
        outbox::print
    };
    Outbox::new(keys, now, show)
}

/// A messenger that reaches the outbox in this process, without a socket.
pub fn messenger(settings: &Settings, outbox: &Outbox) -> Messenger {
    let token = Some(SESSION_TOKEN.to_owned());
    let endpoint = Endpoint::with_keys(LOCAL.to_owned(), None, LOCAL, LOCAL, token);
    let urls = MessageUrls {
        email: Some(URL.to_owned()),
        sms: Some(URL.to_owned()),
    };
    let http = outbox.http_client();
    Messenger::new(&settings.policy.messages, &endpoint, urls, http)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use http::header::{ACCEPT, HeaderName, HeaderValue, ORIGIN};
    use http::{HeaderMap, Method};
    use serde_json::Value;

    use super::*;
    use crate::domain::{Address as _, EmailAddress, EmailMessage, PhoneNumber, TextMessage};

    #[allow(
        clippy::disallowed_methods,
        reason = "the SDK signs by the clock of this machine"
    )]
    fn clock() -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_millis(since.unwrap().as_millis().try_into().unwrap())
    }

    /// An outbox with an e-mail and an SMS.
    async fn filled() -> Outbox {
        let settings = Settings::read(|name| match name {
            "USERS_TABLE" | "SESSIONS_TABLE" | "RESOURCE_OWNER" => Some(name.to_owned()),
            "ACCESS" => Some("public".to_owned()),
            "MAIL_FROM" => Some(MAIL_FROM.to_owned()),
            "SMS_ORIGINATION" => Some(SMS_ORIGINATION.to_owned()),
            _ => None,
        });
        let outbox = outbox(clock, true);
        let messenger = messenger(&settings.unwrap(), &outbox);
        let email = EmailMessage {
            to: EmailAddress::parse("ada@mouse.com").unwrap(),
            subject: "Hello".to_owned(),
            text: "Code: 1".to_owned(),
            html: "<b>1</b>".to_owned(),
        };
        let sms = TextMessage {
            to: PhoneNumber::parse("+41790000001").unwrap(),
            text: "Code: 2".to_owned(),
        };
        messenger.email(&email).await.unwrap();
        messenger.sms(&sms).await.unwrap();
        outbox
    }

    fn headers(headers: &[(HeaderName, &'static str)]) -> HeaderMap {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        headers.collect()
    }

    #[tokio::test]
    async fn what_is_sent_is_on_the_page_and_in_its_json() {
        let outbox = filled().await;
        let json = headers(&[(ACCEPT, "application/json")]);

        let page = outbox::respond(&outbox, &Method::GET, &HeaderMap::new());
        let list = outbox::respond(&outbox, &Method::GET, &json);

        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let text = String::from_utf8(page.body().to_vec()).unwrap();
        for part in ["email to ada@mouse.com", "sms to +41790000001", "Code: 2"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(list.headers()["content-type"], "application/json");
        let list: Vec<Value> = serde_json::from_slice(list.body()).unwrap();
        let of = |name: &str| list.iter().map(|one| one[name].clone()).collect::<Vec<_>>();
        assert_eq!(of("channel"), ["email", "sms"]);
        assert_eq!(of("to"), ["ada@mouse.com", "+41790000001"]);
        assert_eq!(of("subject"), ["Hello", ""]);
        assert_eq!(of("text"), ["Code: 1", "Code: 2"]);
        assert_eq!(of("html"), ["<b>1</b>", ""]);
        assert!(list.iter().all(|one| one.as_object().unwrap().len() == 6));
    }

    #[tokio::test]
    async fn only_a_get_without_an_origin_sees_messages() {
        let outbox = filled().await;
        for origin in ["https://evil.example", "http://localhost:5173", "null"] {
            let headers = headers(&[(ORIGIN, origin), (ACCEPT, "application/json")]);
            for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
                let refused = outbox::respond(&outbox, &method, &headers);
                assert_eq!(refused.status(), 403, "{method} {origin}");
                let body = String::from_utf8(refused.body().to_vec()).unwrap();
                assert!(!body.contains("Code"), "{body}");
            }
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let refused = outbox::respond(&outbox, &method, &HeaderMap::new());
            assert_eq!(refused.status(), 405, "{method}");
            assert_eq!(refused.headers()["allow"], "GET, HEAD", "{method}");
        }
        let page = outbox::respond(&outbox, &Method::GET, &HeaderMap::new());
        let head = outbox::respond(&outbox, &Method::HEAD, &HeaderMap::new());
        assert!(head.body().is_empty());
        assert_eq!(head.headers(), page.headers());
    }
}
