"""The service with a certificate, for where no proxy ends TLS before it."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service import LOGIN_NAME, PASSWORD, Service, running
from session import VERSIONS, Connect, login


def write_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sesame")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure(certificate: tuple[Path, Path]) -> Iterator[Service]:
    cert, key = certificate
    with running("--tls-cert", str(cert), "--tls-key", str(key)) as service:
        yield service


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_trusts_the_certificate_logs_in(
    secure: Service, certificate: tuple[Path, Path], connect: Connect, version: str
) -> None:
    trusted = grpc.ssl_channel_credentials(certificate[0].read_bytes())

    with grpc.secure_channel(secure.target, trusted) as channel:
        answer = connect(channel, version).create(checks=login(LOGIN_NAME, PASSWORD))

    assert secure.url.startswith("https://")
    assert answer.details.sequence == 4


def test_a_client_that_does_not_trust_the_certificate_fails(
    secure: Service, connect: Connect, tmp_path: Path
) -> None:
    other, _ = write_certificate(tmp_path)
    trusted = grpc.ssl_channel_credentials(other.read_bytes())

    with grpc.secure_channel(secure.target, trusted) as channel:
        refusal = connect(channel, "v2").refusal()

    assert refusal.code is grpc.StatusCode.UNAVAILABLE


def test_a_client_without_tls_gets_no_answer(secure: Service, connect: Connect) -> None:
    with grpc.insecure_channel(secure.target) as channel:
        refusal = connect(channel, "v2").refusal()

    assert refusal.code is grpc.StatusCode.UNAVAILABLE
