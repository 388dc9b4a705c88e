"""An authenticator in software: passkeys and security keys of ES256, without attestation."""

import json
import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost:3000"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value: Any) -> bytes:
    """CBOR, as far as an authenticator writes it."""

    def head(major: int, n: int) -> bytes:
        if n < 24:
            return bytes([major << 5 | n])
        if n < 256:
            return bytes([major << 5 | 24, n])
        return bytes([major << 5 | 25]) + n.to_bytes(2)

    match value:
        case int():
            return head(1, -1 - value) if value < 0 else head(0, value)
        case str():
            return head(3, len(value.encode())) + value.encode()
        case bytes():
            return head(2, len(value)) + value
        case _:
            members = [part for member in value.items() for part in member]
            return head(5, len(value)) + b"".join(map(cbor, members))


class Authenticator:
    def __init__(self, *, verifies: bool) -> None:
        self._id = os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        self._handle = ""
        self._flags = PRESENT | (VERIFIED if verifies else 0)
        self.id = base64url(self._id)

    def _data(self, rp_id: str, flags: int, more: bytes = b"") -> bytes:
        self._count += 1
        return sha256(rp_id.encode()).digest() + bytes([flags]) + self._count.to_bytes(4) + more

    def _answer(self, client_data: bytes, **response: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": base64url(client_data), **response},
        }

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `toJSON()` of a browser gives for a registration."""
        wanted = options["publicKey"]
        self._handle = wanted["user"]["id"]
        point = self._key.public_key().public_numbers()
        x, y = point.x.to_bytes(32), point.y.to_bytes(32)
        key = cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self._id).to_bytes(2) + self._id + key
        data = self._data(wanted["rp"]["id"], self._flags | ATTESTED, attested)
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = _client_data("webauthn.create", wanted["challenge"])
        return self._answer(client_data, attestationObject=base64url(attestation))

    def answer(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `toJSON()` of a browser gives for a login."""
        wanted = options["publicKey"]
        data = self._data(wanted["rpId"], self._flags)
        client_data = _client_data("webauthn.get", wanted["challenge"])
        signed = data + sha256(client_data).digest()
        return self._answer(
            client_data,
            authenticatorData=base64url(data),
            signature=base64url(self._key.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=self._handle,
        )


def _client_data(kind: str, challenge: str) -> bytes:
    data = {"type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": False}
    return json.dumps(data).encode()
