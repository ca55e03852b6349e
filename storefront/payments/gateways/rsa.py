"""RSA with SHA-256 (PKCS #1 v1.5), as Alipay calls RSA2 and WeChat Pay SHA256-RSA2048."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from storefront.foundation.errors import SettingsError

MIN_BITS = 2048  # both providers demand as much


@lru_cache(maxsize=8)
def read_private_key(text: str) -> RSAPrivateKey:
    """Return the key of a PEM text, or of the bare base64 that Alipay's tool prints; raises SettingsError."""
    try:
        key = (load_pem_private_key(text.encode(), None) if _is_pem(text)
               else load_der_private_key(base64.b64decode("".join(text.split()), validate=True), None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError("it is no private key without a password") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise SettingsError(f"it is no RSA key of {MIN_BITS} bits or more")
    return key


@lru_cache(maxsize=8)
def read_public_key(text: str) -> RSAPublicKey:
    """Return the key of a PEM text, a PEM certificate, or bare base64; raises SettingsError."""
    key: object
    try:
        if "BEGIN CERTIFICATE" in text:
            key = x509.load_pem_x509_certificate(text.encode()).public_key()
        elif _is_pem(text):
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError("it is no public key") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise SettingsError(f"it is no RSA key of {MIN_BITS} bits or more")
    return key


def sign(private_key: str, message: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(read_private_key(private_key).sign(message, PKCS1v15(), SHA256())).decode("ascii")


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Tell whether the key's owner signed exactly these bytes."""
    try:
        read_public_key(public_key).verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _is_pem(text: str) -> bool:
    return text.lstrip().startswith("-----BEGIN")
