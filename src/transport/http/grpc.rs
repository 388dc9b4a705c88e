use std::sync::Arc;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::Builder;

use super::health::Health;
use super::limits::Limits;
use crate::api::Protocol;
use crate::api::proto::DESCRIPTORS;

/// The length in bytes of the longest message to health or reflection. Messages have only names.
const MAX_MESSAGE: usize = 1024;

/// How much of a body is read: such a message, the head of its frame, and a byte that tells that it
/// is too long.
pub const MAX_BODY: usize = MAX_MESSAGE + 5 + 1;

/// gRPC's health and reflection, which need no token: all that they tell is public.
/// <https://grpc.io/docs/guides/health-checking/>, <https://grpc.io/docs/guides/reflection/>
pub struct Grpc {
    services: Routes,
    /// One permit for each stream that may be open at a time.
    permits: Arc<Semaphore>,
}

/// A call of these services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A health check, which is answered at once.
    Check,
    /// A stream of answers to one message.
    Watch,
    /// A stream of messages and answers.
    Reflect,
}

impl Grpc {
    /// Makes the services, which report healthy until `stopping` is true.
    pub fn new(stopping: watch::Sender<bool>, limits: &Limits) -> Self {
        let health = Health {
            services: names(DESCRIPTORS),
            stopping,
            max_watch: limits.watch,
        };
        let health = HealthServer::new(health).max_decoding_message_size(MAX_MESSAGE);
        let reflection = || {
            let all = [
                DESCRIPTORS,
                tonic_health::pb::FILE_DESCRIPTOR_SET,
                v1::FILE_DESCRIPTOR_SET,
                v1alpha::FILE_DESCRIPTOR_SET,
            ];
            all.into_iter().fold(Builder::configure(), |builder, set| {
                builder.register_encoded_file_descriptor_set(set)
            })
        };
        // The descriptors are those of this build, so reading them can't fail.
        let v1 = reflection().build_v1().expect("descriptors");
        let v1alpha = reflection().build_v1alpha().expect("descriptors");
        Self {
            services: Routes::new(health)
                .add_service(v1.max_decoding_message_size(MAX_MESSAGE))
                .add_service(v1alpha.max_decoding_message_size(MAX_MESSAGE)),
            permits: Arc::new(Semaphore::new(limits.watches as usize)),
        }
    }

    /// Which call of these services a request is, if it is one.
    ///
    /// The request has to be gRPC over HTTP/2: HTTP/1.1 has no trailers, and a client of another
    /// protocol would take their HTTP 200 for success.
    pub fn call(request: &Request<Incoming>) -> Option<Call> {
        let protocol = Protocol::from_content_type(request.headers());
        if request.version() != Version::HTTP_2 || protocol != Some(Protocol::Grpc) {
            return None;
        }
        let (service, method) = request.uri().path().strip_prefix('/')?.split_once('/')?;
        match service {
            "grpc.health.v1.Health" if method == "Watch" => Some(Call::Watch),
            "grpc.health.v1.Health" => Some(Call::Check),
            "grpc.reflection.v1.ServerReflection" | "grpc.reflection.v1alpha.ServerReflection" => {
                Some(Call::Reflect)
            }
            _ => None,
        }
    }

    /// Answers a request of these services.
    pub async fn respond(&self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.services.clone().call(request).await;
        response
    }

    /// The permit that a stream keeps until it ends. `None`: the call is not a stream.
    ///
    /// # Errors
    ///
    /// `RESOURCE_EXHAUSTED`: as many streams are open as there may be.
    pub fn stream_permit(&self, call: Call) -> Result<Option<OwnedSemaphorePermit>, Status> {
        if call == Call::Check {
            return Ok(None);
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        permit
            .map(Some)
            .map_err(|_| Status::resource_exhausted("too many streams at once, try again"))
    }
}

/// The full names of the services in a `google.protobuf.FileDescriptorSet`.
fn names(descriptors: &[u8]) -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let mut names = Vec::new();
    for file in &set.file {
        let services = file.service.iter();
        names.extend(services.map(|service| format!("{}.{}", file.package(), service.name())));
    }
    names
}

#[test]
fn health_knows_each_version_of_the_api() {
    let mut names = names(DESCRIPTORS);
    names.sort();

    let version = |version| format!("zitadel.session.{version}.SessionService");
    let mut want = vec!["zitadel.org.v2.OrganizationService".to_owned()];
    want.extend(["v2", "v2alpha", "v2beta"].map(version));
    want.push("zitadel.settings.v2.SettingsService".to_owned());
    want.push("zitadel.user.v2.UserService".to_owned());
    assert_eq!(names, want);
}
