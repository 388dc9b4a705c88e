//! gRPC's health and reflection services.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use prost_reflect::{DescriptorPool, ServiceDescriptor};
use prost_types::FileDescriptorProto;
use sesame::api::proto::DESCRIPTORS;
use sesame::api::schema::{UNBUILT, UnbuiltCall};
use tonic::codegen::tokio_stream::{self, StreamExt as _};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::cli::http2::{GOAWAY, HEADERS, Http2, RST_STREAM, headers_of};
use crate::support::cli::local::LocalServer;
use crate::support::cli::process::{Dev, post_to};

const SERVICES: [&str; 6] = [
    "zitadel.session.v2.SessionService",
    "zitadel.session.v2alpha.SessionService",
    "zitadel.session.v2beta.SessionService",
    "zitadel.user.v2.UserService",
    "zitadel.settings.v2.SettingsService",
    "zitadel.org.v2.OrganizationService",
];
/// A time far below what calls in progress get at a shutdown.
const SOON: Duration = Duration::from_secs(5);

async fn channel(dev: &Dev) -> Channel {
    let endpoint = Endpoint::from_shared(dev.url.clone()).unwrap();
    endpoint.connect().await.unwrap()
}

fn service(name: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: name.to_owned(),
    }
}

#[tokio::test]
async fn each_service_is_healthy() {
    let dev = Dev::start();
    let mut client = HealthClient::new(channel(&dev).await);

    for name in SERVICES.into_iter().chain([""]) {
        let answer = client.check(service(name)).await.unwrap();
        assert_eq!(
            answer.into_inner().status(),
            ServingStatus::Serving,
            "{name}"
        );
    }
    let unknown = client.check(service("no.such.Service")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

async fn watch(client: &mut HealthClient<Channel>, name: &str) -> Streaming<HealthCheckResponse> {
    client.watch(service(name)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_health_watch_reports_the_shutdown() {
    let dev = Dev::start();
    let mut client = HealthClient::new(channel(&dev).await);
    let mut all = watch(&mut client, "").await;
    let mut one = watch(&mut client, SERVICES[0]).await;
    let mut unknown = watch(&mut client, "no.such.Service").await;
    for (watched, want) in [
        (&mut all, ServingStatus::Serving),
        (&mut one, ServingStatus::Serving),
        (&mut unknown, ServingStatus::ServiceUnknown),
    ] {
        assert_eq!(watched.message().await.unwrap().unwrap().status(), want);
    }

    dev.process.signal("TERM");

    let started = Instant::now();
    for watched in [&mut all, &mut one] {
        let last = watched.message().await.unwrap().unwrap();
        assert_eq!(last.status(), ServingStatus::NotServing);
        let end = watched.message().await.unwrap_err();
        assert_eq!(end.code(), Code::Unavailable);
    }
    drop(unknown);
    tokio::task::spawn_blocking(|| dev.process.end().expect(0))
        .await
        .unwrap();
    assert!(started.elapsed() < SOON);
}

#[tokio::test]
async fn a_health_watch_is_not_idle() {
    let dev = Dev::with(&["--idle-seconds", "0.2", "--answer-seconds", "0.2"]);
    let mut client = HealthClient::new(channel(&dev).await);
    let mut watched = watch(&mut client, "").await;
    watched.message().await.unwrap().unwrap();

    let more = tokio::time::timeout(Duration::from_millis(600), watched.message()).await;

    assert!(more.is_err(), "{more:?}");
}

/// What reflection in one version says of a name.
macro_rules! reflection {
    ($name:ident, $version:ident) => {
        mod $name {
            use super::*;
            use $version::server_reflection_client::ServerReflectionClient;
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;

            pub async fn ask(dev: &Dev, questions: &[MessageRequest]) -> Vec<MessageResponse> {
                let mut client = ServerReflectionClient::new(channel(dev).await);
                let request = |question: &MessageRequest| $version::ServerReflectionRequest {
                    host: String::new(),
                    message_request: Some(question.clone()),
                };
                let requests: Vec<_> = questions.iter().map(request).collect();
                let answers = client.server_reflection_info(tokio_stream::iter(requests));
                let answers = answers.await.unwrap().into_inner();
                let answers = answers.map(|answer| answer.unwrap().message_response.unwrap());
                answers.collect().await
            }

            #[tokio::test]
            async fn reflection_lists_services_and_files() {
                let dev = Dev::start();

                let questions = [
                    MessageRequest::ListServices(String::new()),
                    MessageRequest::FileContainingSymbol(SERVICES[1].to_owned()),
                ];
                let answers = ask(&dev, &questions).await;

                let MessageResponse::ListServicesResponse(list) = &answers[0] else {
                    panic!("{answers:?}");
                };
                let names: Vec<_> = list.service.iter().map(|it| it.name.as_str()).collect();
                for name in SERVICES.into_iter().chain([
                    "grpc.health.v1.Health",
                    "grpc.reflection.v1.ServerReflection",
                    "grpc.reflection.v1alpha.ServerReflection",
                ]) {
                    assert!(names.contains(&name), "{name}: {names:?}");
                }
                let MessageResponse::FileDescriptorResponse(files) = &answers[1] else {
                    panic!("{answers:?}");
                };
                let file: FileDescriptorProto =
                    prost::Message::decode(&*files.file_descriptor_proto[0]).unwrap();
                assert_eq!(file.package(), "zitadel.session.v2alpha");
            }

            #[tokio::test]
            async fn reflected_files_make_complete_descriptors() {
                let dev = Dev::start();
                let mut wanted = vec!["zitadel/session/v2/session_service.proto".to_owned()];
                let mut files: Vec<FileDescriptorProto> = Vec::new();
                while let Some(name) = wanted.pop() {
                    if files.iter().any(|file| file.name() == name) {
                        continue;
                    }
                    let answers = ask(&dev, &[MessageRequest::FileByFilename(name)]).await;
                    let MessageResponse::FileDescriptorResponse(found) = &answers[0] else {
                        panic!("{answers:?}");
                    };
                    let found = &*found.file_descriptor_proto[0];
                    let file: FileDescriptorProto = prost::Message::decode(found).unwrap();
                    wanted.extend(file.dependency.iter().cloned());
                    files.push(file);
                }

                let mut pool = DescriptorPool::new();
                pool.add_file_descriptor_protos(files).unwrap();

                let service = pool.get_service_by_name(SERVICES[0]).unwrap();
                assert_eq!(service.methods().len(), 5);
            }
        }
    };
}

/// The calls of a pool by name, and the comment before each.
fn commented(pool: &DescriptorPool) -> BTreeMap<String, String> {
    let methods = |service: ServiceDescriptor| service.methods().collect::<Vec<_>>();
    let calls = pool.services().flat_map(methods).map(|method| {
        let file = method.parent_file();
        let source = file.file_descriptor_proto().source_code_info.as_ref();
        let mut places = source.unwrap().location.iter();
        let place = places.find(|place| place.path == method.path()).unwrap();
        let comment = place.leading_comments().to_owned();
        (method.full_name().to_owned(), comment)
    });
    calls.collect()
}

/// The calls that aren't built are left out, with their comments.
#[test]
fn reflection_has_the_calls_that_are_built_with_their_comments() {
    let reflected = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut compiler = protox::Compiler::new(["proto"]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    let files = reflected.files().map(|file| file.name().to_owned());
    compiler.open_files(files).unwrap();

    let mut want = commented(&compiler.descriptor_pool());
    let name = |call: &UnbuiltCall| format!("{}.{}", call.service, call.name);
    let unbuilt: BTreeSet<_> = UNBUILT.iter().map(name).collect();
    want.retain(|name, _| !unbuilt.contains(name));

    assert_eq!(commented(&reflected), want);
    assert!(
        reflected
            .services()
            .all(|service| service.methods().len() > 0)
    );
}

reflection!(reflection_v1, v1);
reflection!(reflection_v1alpha, v1alpha);

#[test]
fn calls_to_health_and_reflection_have_a_deadline() {
    let dev = Dev::with(&["--body-seconds", "0.2"]);
    for rpc in ["Check", "Watch"] {
        let mut client = Http2::connect(&dev.url);
        let path = format!("/grpc.health.v1.Health/{rpc}");
        let block = headers_of(&path, &[("content-type", "application/grpc")]);
        client.open(1, &block);

        let reset = client.frame_of(&[HEADERS, RST_STREAM]).unwrap();

        assert_eq!(reset.kind, RST_STREAM, "{rpc}");
    }
}

#[test]
fn a_reflection_stream_without_requests_is_idle() {
    let server = LocalServer::start(|limits| {
        limits.idle = Duration::from_millis(200);
        limits.headers = Duration::from_millis(200);
    });
    let mut client = Http2::connect(&server.url);
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let block = headers_of(path, &[("content-type", "application/grpc")]);
    client.open(1, &block);

    assert!(client.frame_of(&[HEADERS]).unwrap().is_ok());
    assert_eq!(client.frame_of(&[GOAWAY]).unwrap().code(), 0);
    while client.frame().is_some() {}
}

#[test]
fn grpc_needs_http_2() {
    let dev = Dev::start();
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        let (status, answer) = post_to(&dev.url, path, "", b"{}");
        assert_eq!((status, &answer["code"]), (501, &"unimplemented".into()));
    }
}
