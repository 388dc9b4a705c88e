import os
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_tools import protoc

from service import ROOT, Service
from session import VERSIONS, Client, Connect, connected


@pytest.fixture(scope="session")
def service() -> Service:
    """The one that `.ci/clients` has started, for all tests that need no settings of their own."""
    return Service.parse(os.environ["SESAME_READY"])


@pytest.fixture(scope="session")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Makes clients of a channel, of what is generated from the proto files."""
    made = tmp_path_factory.mktemp("stubs")
    # google.rpc.Status comes with grpcio-status.
    files = map(str, sorted((ROOT / "proto" / "zitadel").rglob("*.proto")))
    builtin = Path(protoc.__file__).parent / "_proto"
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={ROOT / 'proto'}",
            f"--proto_path={builtin}",
            f"--python_out={made}",
            f"--grpc_python_out={made}",
            *files,
        ]
    )
    assert status == 0
    sys.path.insert(0, str(made))
    yield connected
    sys.path.remove(str(made))


@pytest.fixture(params=VERSIONS)
def client(request: pytest.FixtureRequest, service: Service, connect: Connect) -> Iterator[Client]:
    with grpc.insecure_channel(service.target) as channel:
        yield connect(channel, request.param)


@pytest.fixture(params=VERSIONS[1:])
def later(request: pytest.FixtureRequest, service: Service, connect: Connect) -> Iterator[Client]:
    """A client of the versions that have more fields."""
    with grpc.insecure_channel(service.target) as channel:
        yield connect(channel, request.param)
