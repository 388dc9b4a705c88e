import os
from collections.abc import Iterator

import grpc
import pytest

import stubs
from service import Service
from session import VERSIONS, Client, Connect, connected


@pytest.fixture(scope="session")
def service() -> Service:
    """The service that `.ci/clients` has started, for tests that need no other settings."""
    return Service.parse(os.environ["SESAME_READY"])


@pytest.fixture(scope="session")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Makes clients of a channel from the generated stubs."""
    with stubs.importable(tmp_path_factory.mktemp("stubs")):
        yield connected


@pytest.fixture(params=VERSIONS)
def client(request: pytest.FixtureRequest, service: Service, connect: Connect) -> Iterator[Client]:
    with grpc.insecure_channel(service.target) as channel:
        yield connect(channel, request.param)


@pytest.fixture(params=VERSIONS[1:])
def later(request: pytest.FixtureRequest, service: Service, connect: Connect) -> Iterator[Client]:
    """A client of v2beta or v2, which have more fields than v2alpha."""
    with grpc.insecure_channel(service.target) as channel:
        yield connect(channel, request.param)
