"""Signatures of ours before an outside judge, the openssl program; and theirs before us."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask

from storefront.foundation.clock import now
from storefront.foundation.errors import SettingsError
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.port import Intent
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.gateways.rsa import is_signed, read_private_key, read_public_key, sign
from tests.providers.alipay import APP_ID, SELLER_ID, FakeAlipay
from tests.providers.keys import private_bare, private_pem, public_bare, public_pem
from tests.providers.settings import set_up
from tests.providers.wechat import API_V3_KEY, KEY_ID, FakeWechat
from tests.providers.wechat import APP_ID as WX_APP
from tests.providers.wechat import MCH_ID as WX_MCH

OPENSSL, NODE = shutil.which("openssl"), shutil.which("node")
LOCK = """
const [key, nonce, text] = process.argv.slice(1)
const cipher = require("crypto").createCipheriv("aes-256-gcm", key, nonce)
cipher.setAAD(Buffer.from("transaction"))
const parts = [cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]
process.stdout.write(Buffer.concat(parts).toString("base64"))
"""
outside_judge = pytest.mark.skipif(OPENSSL is None, reason="the openssl program is not installed")


class Openssl:
    """The program, given files; it knows nothing of Python's library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fits(self, owner: str, message: bytes, signature: str) -> bool:
        key, mark, text = self._files(public_pem(owner).encode(), base64.b64decode(signature), message)
        done = subprocess.run([str(OPENSSL), "dgst", "-sha256", "-verify", key, "-signature", mark, text],
                              capture_output=True, check=False)
        return done.returncode == 0 and done.stdout.strip() == b"Verified OK"

    def sign(self, owner: str, message: bytes) -> str:
        key, _, text = self._files(private_pem(owner).encode(), b"", message)
        made = subprocess.run([str(OPENSSL), "dgst", "-sha256", "-sign", key, text], capture_output=True, check=True)
        return base64.b64encode(made.stdout).decode()

    def _files(self, *contents: bytes) -> list[str]:
        paths = [self.folder / name for name in ("key.pem", "signature", "message")]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        return [str(path) for path in paths]


@pytest.fixture
def openssl(tmp_path: Path) -> Openssl:
    return Openssl(tmp_path)


@pytest.fixture
def wechat(app: Flask) -> Iterator[FakeWechat]:
    with FakeWechat() as fake:
        set_up(app, "wechat", **fake.settings)
        yield fake


@pytest.fixture
def alipay(app: Flask) -> Iterator[FakeAlipay]:
    with FakeAlipay() as fake:
        set_up(app, "alipay", **fake.settings)
        yield fake


def intent() -> Intent:
    return Intent(uuid.uuid4(), "ABCD-EFGH-JKMN", 5250, "CNY", "http://localhost/checkout/return/x")


@outside_judge
def test_openssl_and_we_agree(openssl: Openssl) -> None:
    message = "支付 & total=52.50\n".encode()
    ours, theirs = sign(private_pem("merchant"), message), openssl.sign("merchant", message)
    assert ours == theirs  # PKCS #1 v1.5 draws no random numbers
    assert openssl.fits("merchant", message, ours)
    assert is_signed(public_pem("merchant"), message, theirs)
    assert not openssl.fits("merchant", message + b" ", ours)
    assert not is_signed(public_pem("merchant"), message + b" ", theirs)
    assert not is_signed(public_pem("forger"), message, theirs)


@outside_judge
def test_openssl_verifies_what_we_send_to_alipay(alipay: FakeAlipay, openssl: Openssl) -> None:
    url = find_gateway("alipay").create(intent()).redirect_url
    fields = dict(parse_qsl(urlsplit(url).query))
    signature = fields.pop("sign")
    message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    assert openssl.fits("merchant", message.encode(), signature)
    assert not openssl.fits("merchant", message.replace("52.50", "0.01").encode(), signature)


@outside_judge
def test_openssl_verifies_what_we_send_to_wechat(wechat: FakeWechat, openssl: Openssl) -> None:
    find_gateway("wechat").create(intent())
    [call] = wechat.calls
    facts = dict(re.findall(r'(\w+)="([^"]*)"', call.headers["authorization"]))
    message = f"POST\n{call.path}\n{facts['timestamp']}\n{facts['nonce_str']}\n".encode() + call.body + b"\n"
    assert openssl.fits("merchant", message, facts["signature"])
    assert not openssl.fits("merchant", message.replace(b"5250", b"1"), facts["signature"])


@outside_judge
def test_we_take_what_openssl_signs_for_alipay(alipay: FakeAlipay, openssl: Openssl) -> None:
    fields = {"notify_id": "n1", "out_trade_no": "A_1", "app_id": APP_ID, "seller_id": SELLER_ID, "subject": "支付",
              "trade_status": "TRADE_SUCCESS"}
    message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    body = urlencode({**fields, "sign": openssl.sign("alipay", message.encode()), "sign_type": "RSA2"}).encode()
    said = find_gateway("alipay").verify_webhook(body, {})
    assert (said.event_id, said.reference, said.kind) == ("n1", "A_1", "TRADE_SUCCESS")
    with pytest.raises(InvalidWebhook):
        find_gateway("alipay").verify_webhook(body.replace(b"A_1", b"A_2"), {})


@outside_judge
@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_we_take_what_openssl_signs_and_node_locks_for_wechat(wechat: FakeWechat, openssl: Openssl) -> None:
    """The lock inside is AES-256-GCM, a mode that the openssl program does not offer and Node does."""
    nonce, inside = "0123456789ab", json.dumps({"mchid": WX_MCH, "appid": WX_APP, "out_trade_no": "a" * 32})
    locked = subprocess.run([str(NODE), "-e", LOCK, API_V3_KEY, nonce, inside], capture_output=True, check=True).stdout
    body = json.dumps({"id": "e1", "event_type": "TRANSACTION.SUCCESS", "resource": {
        "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "transaction",
        "ciphertext": locked.decode()}}).encode()
    timestamp = str(int(now().timestamp()))
    headers = {"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": "n", "Wechatpay-Serial": KEY_ID,
               "Wechatpay-Signature": openssl.sign("wechat", f"{timestamp}\nn\n".encode() + body + b"\n")}
    said = find_gateway("wechat").verify_webhook(body, headers)
    assert (said.event_id, said.reference, said.kind) == ("e1", "a" * 32, "TRANSACTION.SUCCESS")


def test_a_published_vector_of_aes_256_gcm_opens() -> None:
    """NIST's test case 16 (McGrew and Viega, The Galois/Counter Mode, 2005), made by nobody here."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    locked = bytes.fromhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                           "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                           "76fc6ece0f4e1768cddf8853bb2d551b")
    seal = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert AESGCM(key).decrypt(bytes.fromhex("cafebabefacedbaddecaf888"), locked, seal) == plain


@pytest.mark.parametrize("made", [private_pem, private_bare])
def test_a_private_key_is_read_in_both_spellings(made: Callable[[str], str]) -> None:
    assert read_private_key(made("merchant")).key_size == 2048


@pytest.mark.parametrize("made", [public_pem, public_bare])
def test_a_public_key_is_read_in_both_spellings(made: Callable[[str], str]) -> None:
    assert read_public_key(made("alipay")).key_size == 2048


@pytest.mark.parametrize("text", ["", "nonsense", "é", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                                  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    for read in (read_private_key, read_public_key):
        with pytest.raises(SettingsError):
            read(text)
    with pytest.raises(SettingsError):
        read_private_key(public_pem("merchant"))


def test_a_key_that_is_too_short_or_of_another_kind_is_refused() -> None:
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):  # noqa: S505 - short on purpose
        with pytest.raises(SettingsError, match="no RSA key of 2048 bits"):
            read_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
        with pytest.raises(SettingsError, match="no RSA key of 2048 bits"):
            read_public_key(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
