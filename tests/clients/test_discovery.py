"""Reflection and health, by which tools explore a gRPC server."""

import re
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from service import ROOT, Service
from session import VERSIONS, WITHIN_SECONDS

SERVICES = [f"zitadel.session.{version}.SessionService" for version in VERSIONS]
PROTO = ROOT / "proto/zitadel/session"


@pytest.fixture
def channel(service: Service) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.target) as channel:
        yield channel


def rpcs(service: str) -> set[str]:
    """The calls of a service, as its file in `proto/` has them."""
    version = service.split(".")[2]
    text = (PROTO / version / "session_service.proto").read_text()
    return set(re.findall(r"^  rpc (\w+)\(", text, re.MULTILINE))


def test_reflection_lists_the_services(channel: grpc.Channel) -> None:
    assert set(SERVICES) <= set(ProtoReflectionDescriptorDatabase(channel).get_services())


@pytest.mark.parametrize("name", SERVICES)
def test_reflection_describes_a_service_and_its_messages(channel: grpc.Channel, name: str) -> None:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    service = pool.FindServiceByName(name)
    request = service.methods_by_name["CreateSession"].input_type

    assert set(service.methods_by_name) == rpcs(name)
    assert request.fields_by_name["checks"].number == 1
    # From a file that the service's own imports.
    details = service.methods_by_name["CreateSession"].output_type.fields_by_name["details"]
    assert details.message_type.fields_by_name["resource_owner"].number == 3


def test_reflection_finds_the_error_detail(channel: grpc.Channel) -> None:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    assert pool.FindMessageTypeByName("zitadel.v1.ErrorDetail").fields_by_name["id"].number == 1


@pytest.mark.parametrize("name", ["nothing.Service", "zitadel.session.v3.SessionService"])
def test_reflection_answers_unknown_names_with_not_found(channel: grpc.Channel, name: str) -> None:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    # The protocol has an answer for it, which becomes a KeyError; servers on tonic end the
    # stream instead.
    with pytest.raises((KeyError, grpc.RpcError)) as raised:
        pool.FindServiceByName(name)

    if isinstance(raised.value, grpc.RpcError):
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", ["", *SERVICES])
def test_the_service_is_healthy(channel: grpc.Channel, name: str) -> None:
    health = health_pb2_grpc.HealthStub(channel)

    answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=WITHIN_SECONDS)

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_health_watch_reports_at_once(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)

    watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=WITHIN_SECONDS)

    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def test_the_health_of_an_unknown_service_is_unknown(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)

    with pytest.raises(grpc.RpcError) as raised:
        health.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=WITHIN_SECONDS)

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
