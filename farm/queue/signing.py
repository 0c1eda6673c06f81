"""Signs jobs, answers and blobs with an HMAC by a key of their run, and checks these signatures.

Each key is derived from the run's id and one secret that all processes of a farm share, so no key is sent.
Other programs can read and write Redis; what they write is refused.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass, field
from functools import lru_cache

from farm.config import Settings
from farm.errors import ConfigError, MessageRejected
from farm.ids import canonical_json
from farm.queue import broker
from farm.queue.messages import NO_MAC, M, SignedMessage

SIZE_BYTES, MAC_BYTES = 8, 32
HEAD_BYTES = 2 * SIZE_BYTES + MAC_BYTES  # of a stored blob: both sizes, and their signature
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and checks for all runs that share one secret."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """A fingerprint of the secret: equal in two processes that have the same secret."""
        return self._mac(self.secret, b"farm key id")[:12]

    def signed(self, message: M) -> M:
        """The message with its signature."""
        return message.model_copy(update={"mac": self._message(message)})

    def check(self, message: SignedMessage) -> None:
        """Raise MessageRejected unless a holder of the secret made this message, field by field."""
        if not hmac.compare_digest(message.mac, self._message(message)):
            raise MessageRejected(f"a {type(message).__name__} with a wrong signature")

    def answer(self, run_id: str, kind: bytes, fence: bytes, record: bytes) -> bytes:
        """The signature of an answer. Its texts need none: the record holds their digests."""
        return self._of_run(run_id, b"\0".join((b"answer", kind, fence, record))).encode()

    def check_answer(self, run_id: str, kind: bytes, fence: bytes, record: bytes, mac: bytes) -> None:
        """Raise MessageRejected unless a holder of the secret gave this answer to this run."""
        if not hmac.compare_digest(mac, self.answer(run_id, kind, fence, record)):
            raise MessageRejected("an answer with a wrong signature")

    def blob_head(self, run_id: str, digest: str, packed_bytes: int, data_bytes: int) -> bytes:
        """What stands before a stored blob: its sizes, packed and unpacked, signed for this run and digest."""
        sizes = packed_bytes.to_bytes(SIZE_BYTES, "big") + data_bytes.to_bytes(SIZE_BYTES, "big")
        return sizes + self._blob(run_id, digest, sizes)

    def blob_sizes(self, run_id: str, digest: str, stored: bytes) -> tuple[int, int]:
        """Of a blob that begins with `stored`, the sizes packed and unpacked.

        They are believed before the rest is read, so MessageRejected unless a holder of the secret stored it. What
        follows needs no signature: the digest names the value.
        """
        sizes, mac = stored[: 2 * SIZE_BYTES], stored[2 * SIZE_BYTES : HEAD_BYTES]
        if not hmac.compare_digest(mac, self._blob(run_id, digest, sizes)):
            raise MessageRejected(f"blob {digest[:12]} of run {run_id} has a wrong signature")
        return int.from_bytes(sizes[:SIZE_BYTES], "big"), int.from_bytes(sizes[SIZE_BYTES:], "big")

    def _blob(self, run_id: str, digest: str, sizes: bytes) -> bytes:
        return hmac.digest(_key(self.secret, run_id), f"blob\0{digest}\0".encode() + sizes, "sha256")

    def _message(self, message: SignedMessage) -> str:
        fields = message.model_dump(mode="json")
        fields["mac"] = NO_MAC
        return self._of_run(message.run_id, type(message).__name__.encode() + b"\0" + canonical_json(fields))

    def _of_run(self, run_id: str, data: bytes) -> str:
        return self._mac(_key(self.secret, run_id), data)

    @staticmethod
    def _mac(key: bytes, data: bytes) -> str:
        return hmac.digest(key, data, "sha256").hex()


@lru_cache(maxsize=64)  # asked for each message
def _key(secret: bytes, run_id: str) -> bytes:
    return hmac.digest(secret, canonical_json(["farm run", run_id]), "sha256")


def signer(settings: Settings) -> Signer:
    """The signer of this process.

    Raises ConfigError when no secret is set and other hosts can reach the broker. A broker of this host
    may go without a secret: then a signature shows damage but not the writer, and the log says so.
    """
    if settings.message_secret is not None:
        return Signer(settings.message_secret.get_secret_value().encode())
    if not broker.address(settings).local:
        raise ConfigError(
            "FARM_SECRET is not set, and other hosts can write to this Redis",
            remedy="python3 -c 'import secrets; print(secrets.token_hex(32))' > FILE, and give every process of this "
            "farm FARM_SECRET_FILE=FILE",
        )
    log.warning("FARM_SECRET is not set: whoever can write to this host's Redis can forge results")
    return Signer(b"")
