//! The requests, byte for byte where it matters.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use sesame::aws::{Endpoint, MessageUrls, Messenger};
use sesame::config::message_urls;
use sesame::domain::MessagePolicy;

use super::{CODE, FROM, NUMBER, ORIGINATION, TO, email, policy, sms};
use crate::support::app::App;
use crate::support::providers;

/// A provider that accepts everything and keeps the requests.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<Mutex<Vec<HttpRequest>>>);

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().unwrap().push(request);
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from("{}"));
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Recorder {
    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    fn messenger(&self, region: &str, urls: MessageUrls) -> Messenger {
        let endpoint = Endpoint {
            region: region.to_owned(),
            // That of the database is of no concern.
            url: Some("http://127.0.0.1:8000".to_owned()),
            ..providers::endpoint()
        };
        Messenger::new(&policy(), &endpoint, urls, self.client())
    }

    fn take(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body().bytes().unwrap()).unwrap()
}

#[tokio::test]
async fn an_email_is_one_request_to_amazon_ses() {
    let recorder = Recorder::default();
    let messenger = recorder.messenger("eu-central-1", MessageUrls::default());

    messenger.email(&email()).await.unwrap();

    let [request] = recorder.take().try_into().unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails"
    );
    let header = |name| request.headers().get(name);
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("x-amz-target"), None);
    let agent = concat!("sesame/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header("user-agent"), Some(agent));
    let message = email();
    let text = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    let want = json!({
        "FromEmailAddress": FROM,
        "Destination": { "ToAddresses": [TO] },
        "Content": { "Simple": {
            "Subject": text(&message.subject),
            "Body": { "Text": text(&message.text), "Html": text(&message.html) },
        } },
    });
    assert_eq!(body(&request), want);
}

#[tokio::test]
async fn an_sms_is_one_request_to_end_user_messaging() {
    let recorder = Recorder::default();
    let messenger = recorder.messenger("eu-central-1", MessageUrls::default());

    messenger.sms(&sms()).await.unwrap();

    let [request] = recorder.take().try_into().unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "https://sms-voice.eu-central-1.amazonaws.com/"
    );
    let header = |name| request.headers().get(name);
    assert_eq!(header("content-type"), Some("application/x-amz-json-1.0"));
    let target = "PinpointSMSVoiceV2.SendTextMessage";
    assert_eq!(header("x-amz-target"), Some(target));
    let want = json!({
        "DestinationPhoneNumber": NUMBER,
        "OriginationIdentity": ORIGINATION,
        "MessageBody": format!("Code: {CODE}"),
        "MessageType": "TRANSACTIONAL",
    });
    assert_eq!(body(&request), want);
}

#[tokio::test]
async fn the_providers_are_in_the_region_unless_their_urls_are_set() {
    let own = "AWS_ENDPOINT_URL_SESV2=http://ses.localhost:1";
    let others = "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2=http://sms.localhost:2/base";
    let all = "AWS_ENDPOINT_URL=http://all.localhost:3";
    let database = "AWS_ENDPOINT_URL_DYNAMODB=http://db.localhost:4";
    let ses = "https://email.cn-north-1.amazonaws.com.cn/v2/email/outbound-emails";
    let voice = "https://sms-voice.cn-north-1.amazonaws.com.cn/";
    for (variables, want) in [
        (&[][..], [ses, voice]),
        (&[database], [ses, voice]),
        (
            &["AWS_ENDPOINT_URL_SESV2=", "AWS_ENDPOINT_URL="],
            [ses, voice],
        ),
        (
            &[own],
            ["http://ses.localhost:1/v2/email/outbound-emails", voice],
        ),
        (&[others], [ses, "http://sms.localhost:2/base/"]),
        (
            &[all, own],
            [
                "http://ses.localhost:1/v2/email/outbound-emails",
                "http://all.localhost:3/",
            ],
        ),
        (
            &[all],
            [
                "http://all.localhost:3/v2/email/outbound-emails",
                "http://all.localhost:3/",
            ],
        ),
    ] {
        let urls = message_urls(|name| {
            let values = variables.iter().filter_map(|pair| pair.split_once('='));
            let mut values = values.filter(|(key, _)| *key == name);
            values.next().map(|(_, value)| value.to_owned())
        });
        let recorder = Recorder::default();
        let messenger = recorder.messenger("cn-north-1", urls);

        messenger.email(&email()).await.unwrap();
        messenger.sms(&sms()).await.unwrap();

        let requests = recorder.take();
        let reached: Vec<_> = requests.iter().map(HttpRequest::uri).collect();
        assert_eq!(reached, want, "{variables:?}");
    }
}

#[tokio::test]
async fn a_region_that_is_not_awss_has_no_providers() {
    let recorder = Recorder::default();
    let messenger = recorder.messenger("local", MessageUrls::default());

    let failed = messenger.email(&email()).await.unwrap_err();

    assert_eq!(failed.kind(), "internal", "{failed:?}");
    assert!(recorder.take().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_without_a_sender() {
    let policy = MessagePolicy {
        mail_from: None,
        sms_origination: None,
        ..policy()
    };
    let recorder = Recorder::default();
    let urls = MessageUrls::default();
    let messenger = Messenger::new(&policy, &providers::endpoint(), urls, recorder.client());

    let email = messenger.email(&email()).await.unwrap_err();
    let sms = messenger.sms(&sms()).await.unwrap_err();

    assert_eq!([email.kind(), sms.kind()], ["internal"; 2]);
    assert!(recorder.take().is_empty());
}

#[tokio::test]
async fn a_service_reaches_no_provider_before_its_first_message() {
    let app = App::emulated(&[]).await;
    app.user("mini").await;
    app.client().create_json(&json!({})).await;

    assert!(app.providers.faults.requests().is_empty());
    assert!(app.outbox().is_empty());
    app.messenger().email(&email()).await.unwrap();
    let beside = app.beside(&[]);
    beside.messenger().sms(&sms()).await.unwrap();
    let sent: Vec<_> = app.outbox().iter().map(|sent| sent.channel).collect();
    assert_eq!(sent, ["email", "sms"]);
}
