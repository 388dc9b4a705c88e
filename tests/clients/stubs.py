"""The modules that grpcio-tools generates from the proto files."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from grpc_tools import protoc

from service import ROOT


@contextlib.contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Makes the modules in that folder, and lets them be imported."""
    # What is of Google comes with grpcio-status.
    own = [ROOT / "proto" / "sesame", ROOT / "proto" / "zitadel"]
    files = [str(file) for part in own for file in sorted(part.rglob("*.proto"))]
    builtin = Path(protoc.__file__).parent / "_proto"
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={ROOT / 'proto'}",
            f"--proto_path={builtin}",
            f"--python_out={folder}",
            f"--grpc_python_out={folder}",
            *files,
        ]
    )
    assert status == 0
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
