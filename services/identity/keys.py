"""The server's secret keys, and what is derived from them: signatures for one purpose each, and encryption."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
SIGNATURE_BYTES = 32


class Unreadable(Exception):
    """What was sealed cannot be read: it was altered, is somebody else's, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Sealed:
    key_id: str
    data: bytes


class Keyring:
    """The key that signs and seals, and perhaps the one before it, whose work is still accepted."""

    def __init__(self, current: bytes, previous: bytes | None = None) -> None:
        self._keys: dict[str, bytes] = {key_id_of(key): key for key in (previous, current) if key is not None}
        self.current_id = key_id_of(current)

    @property
    def keys(self) -> Mapping[str, bytes]:
        """By their ids, the current one last. For signatures whose format has a place for the id, such as JWTs."""
        return self._keys

    @property
    def current(self) -> bytes:
        return self._keys[self.current_id]

    def sign(self, purpose: str, message: str) -> str:
        """43 characters that can stand in a URL. A signature for one purpose is none for another."""
        return _signature(self.current, purpose, message)

    def is_signed(self, purpose: str, message: str, signature: str) -> bool:
        """Whether one of the keys made the signature; compared in constant time."""
        given = signature.encode(errors="replace")
        made = [_signature(key, purpose, message).encode() for key in self._keys.values()]
        return any(hmac.compare_digest(one, given) for one in made)

    def seal(self, purpose: str, text: str, *, belongs_to: str) -> Sealed:
        """Encrypt (AES-256-GCM). It opens only with the same purpose and owner."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(_derive(self.current, purpose))
        return Sealed(self.current_id, nonce + cipher.encrypt(nonce, text.encode(), belongs_to.encode()))

    def unseal(self, purpose: str, sealed: Sealed, *, belongs_to: str) -> str:
        """Raises Unreadable."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise Unreadable
        nonce, encrypted = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return AESGCM(_derive(key, purpose)).decrypt(nonce, encrypted, belongs_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unreadable from None

    def veil(self, purpose: str, text: str) -> str:
        """The text as one that can stand in a URL, is always the same, tells nothing, and that only we can make.

        Encrypted with AES-SIV (RFC 5297), which needs no nonce: who sees two of them learns whether they are the same, and no more.
        """
        made = AESSIV(_derive(self.current, purpose)).encrypt(text.encode(), None)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def unveil(self, purpose: str, veiled: str) -> str:
        """Raises Unreadable."""
        try:
            data = base64.b64decode(veiled.encode("ascii") + b"=" * (-len(veiled) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise Unreadable from None
        # Of the last letter not all bits count: of the spellings that mean the same one is ours.
        if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == veiled:
            for key in reversed(self._keys.values()):
                with suppress(InvalidTag, ValueError):
                    return AESSIV(_derive(key, purpose)).decrypt(data, None).decode()
        raise Unreadable


def key_id_of(key: bytes) -> str:
    """Names a key without telling it."""
    return hashlib.sha256(key).hexdigest()[:16]


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"vidwiz {purpose}".encode()).derive(key)


def _signature(key: bytes, purpose: str, message: str) -> str:
    made = hmac.digest(_derive(key, purpose), message.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
