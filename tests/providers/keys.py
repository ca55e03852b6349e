"""RSA keys of the merchant and of the providers, made once per run; used by the fakes without any code of ours."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@lru_cache
def make_key(owner: str) -> rsa.RSAPrivateKey:
    """Return the key of `merchant`, `alipay`, `wechat`, `forger`, …"""
    assert owner
    return rsa.generate_private_key(65537, 2048)


def private_pem(owner: str) -> str:
    return make_key(owner).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(owner: str) -> str:
    return make_key(owner).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_bare(owner: str) -> str:
    """As Alipay's key tool prints it: base64 in one line, no frame."""
    return base64.b64encode(make_key(owner).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def public_bare(owner: str) -> str:
    key = make_key(owner).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def sign_as(owner: str, message: bytes) -> str:
    return base64.b64encode(make_key(owner).sign(message, padding.PKCS1v15(), SHA256())).decode()


def fits(owner: str, message: bytes, signature: str) -> bool:
    """Tell whether the owner signed the message."""
    try:
        make_key(owner).public_key().verify(base64.b64decode(signature), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
