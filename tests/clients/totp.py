"""Codes of an authenticator app, by RFC 6238 with SHA-1, 6 digits and 30 seconds."""

import base64
import hmac
import time

STEP_SECONDS = 30


def code_at(secret: str, step: int) -> str:
    padded = secret + "=" * (-len(secret) % 8)
    digest = hmac.digest(base64.b32decode(padded), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


class App:
    """An authenticator app that shows no code twice.

    The service accepts the steps beside its own too, so there are two codes at once.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.last_step = 0

    def code(self) -> str:
        """The next code: the oldest one that is good, so that few are waited for."""
        while True:
            now = time.time()
            current = int(now // STEP_SECONDS)
            # A call takes time, so the step before is left out where its end is near.
            oldest = current - (now % STEP_SECONDS < STEP_SECONDS / 2)
            step = max(oldest, self.last_step + 1)
            if step <= current + 1:
                self.last_step = step
                return code_at(self.secret, step)
            time.sleep((step - 1) * STEP_SECONDS - now)
