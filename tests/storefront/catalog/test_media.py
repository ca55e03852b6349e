"""The media store. # security 32 # fault 67"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image as Pillow
from sqlalchemy import select

from storefront.catalog import images, media, pixels
from storefront.catalog.entries import ImageEntry
from storefront.catalog.errors import InvalidPicture, UnknownPicture
from storefront.catalog.models import Image, ImageState
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from tests.factories.catalog import make_product


def picture(width: int = 1600, height: int = 800, kind: str = "JPEG", mode: str = "RGB", **said: object) -> bytes:
    target = io.BytesIO()
    color = (120, 60, 30, 90)[: len(mode)]
    Pillow.new(mode, (width, height), color).save(target, kind, **said)
    return target.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


def files(app: Flask) -> list[str]:
    folder: Path = app.config["MEDIA_DIR"]
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def test_an_upload_is_kept_at_once_and_rendered_later(app: Flask) -> None:
    make_product(images=(ImageEntry(key=media.store_picture(picture()).key, alt="A bowl"),), stock=0)
    image = db.session.scalars(select(Image)).one()
    image_id = image.id
    assert (image.width, image.height, image.renditions) == (1600, 800, {"webp": [640], "jpg": [1600]})
    assert files(app) == ["1600.jpg", "640.webp", "picture.json"]
    images.make_renditions(image_id)
    assert db.session.get_one(Image, image_id).renditions == {
        "avif": [320, 640, 1200], "webp": [320, 640, 1200], "jpg": [1200, 1600]}
    page = media.picture_of(db.session.get_one(Image, image_id))
    key = db.session.get_one(Image, image_id).key
    assert page == media.Picture(
        alt="A bowl", width=1600, height=800, src=f"/media/{key}/1200.jpg",
        avif=", ".join(f"/media/{key}/{width}.avif {width}w" for width in (320, 640, 1200)),
        webp=", ".join(f"/media/{key}/{width}.webp {width}w" for width in (320, 640, 1200)))
    before = files(app)
    images.make_renditions(image_id)
    assert files(app) == before


def test_renditions_are_what_they_are_called(app: Flask) -> None:
    stored = media.make_all_renditions(media.store_picture(picture()).key)
    for extension, kind in (("avif", "AVIF"), ("webp", "WEBP"), ("jpg", "JPEG")):
        for width in stored.renditions[extension]:
            path = media.picture_path(stored.key, width, extension)
            assert path is not None
            with Pillow.open(path) as image:
                assert (image.format, image.size) == (kind, (width, width // 2))


def test_a_small_picture_is_never_enlarged(app: Flask) -> None:
    stored = media.make_all_renditions(media.store_picture(picture(200, 100)).key)
    assert stored.renditions == {"avif": [200], "webp": [200], "jpg": [200]}


def test_the_same_bytes_are_kept_once(app: Flask) -> None:
    first = media.store_picture(picture())
    assert media.store_picture(picture()) == first
    assert media.store_picture(picture(1601)).key != first.key


def test_metadata_and_trailing_bytes_do_not_survive(app: Flask) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "GPS-SECRET"
    data = picture(1600, 800, exif=exif.tobytes()) + b"<script>alert(1)</script>PK\x03\x04"
    stored = media.make_all_renditions(media.store_picture(data).key)
    assert (stored.width, stored.height) == (800, 1600)  # stands upright
    for path in app.config["MEDIA_DIR"].rglob("*.*"):
        content = path.read_bytes()
        assert b"GPS-SECRET" not in content
        assert b"<script" not in content


def test_transparency_is_kept_where_the_format_can(app: Flask) -> None:
    stored = media.make_all_renditions(media.store_picture(picture(700, 700, "PNG", "RGBA")).key)
    path = media.picture_path(stored.key, 640, "webp")
    assert path is not None
    with Pillow.open(path) as image:
        assert image.mode == "RGBA"
    assert stored.renditions["jpg"] == [700]


@pytest.mark.parametrize("data", [
    b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"%PDF-1.7", b"MZ" * 50,
    b"PK\x03\x04" + b"\0" * 100, picture()[:500], b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    picture(kind="TIFF"), picture(kind="BMP"), picture(kind="ICO", width=64, height=64),
    png_header(100, 100),  # says more than it holds
])
def test_what_is_no_picture_of_ours_is_refused_and_leaves_nothing(app: Flask, data: bytes) -> None:
    with pytest.raises(InvalidPicture):
        media.store_picture(data)
    assert files(app) == []


@pytest.mark.parametrize("size", [(60_000, 60_000), (100_000, 1), (20_000, 4_000), (2**31 - 1, 2**31 - 1)])
def test_a_pixel_bomb_is_refused_by_its_header(app: Flask, size: tuple[int, int]) -> None:
    with pytest.raises(InvalidPicture, match="megapixels"):
        media.store_picture(png_header(*size))
    assert files(app) == []


def test_a_file_above_the_limit_is_not_even_opened(app: Flask) -> None:
    with pytest.raises(InvalidPicture, match="20 fit"):
        media.store_picture(picture(10, 10) + b"\0" * pixels.MAX_BYTES)


def test_ready_files_are_registered_as_they_are(app: Flask, tmp_path: Path) -> None:
    ready: dict[str, dict[int, Path]] = {"avif": {}, "webp": {}}
    for kind, of_kind in ready.items():
        for width in (320, 640, 1200):
            of_kind[width] = tmp_path / f"alone-{width}.{kind}"
            of_kind[width].write_bytes(picture(width, width // 4 * 3, kind.upper()))
    stored = media.register_renditions(ready)
    assert (stored.width, stored.height) == (1200, 900)
    assert stored.renditions == {"avif": [320, 640, 1200], "webp": [320, 640, 1200]}
    kept = media.picture_path(stored.key, 640, "avif")
    assert kept is not None
    assert kept.read_bytes() == ready["avif"][640].read_bytes()
    assert media.register_renditions(ready) == stored
    assert media.make_all_renditions(stored.key) == stored
    page = media.picture_at(stored.key, "words")
    assert page is not None
    assert page.src == f"/media/{stored.key}/1200.webp"
    with pytest.raises(InvalidPicture, match="not a webp picture 320"):
        media.register_renditions({"webp": {320: ready["webp"][640]}})


def test_a_page_has_no_picture_while_none_is_at_hand(app: Flask) -> None:
    assert media.picture_of(Image(state=ImageState.PENDING, key="", alt="")) is None
    assert media.picture_at("0" * 32, "") is None
    with pytest.raises(UnknownPicture):
        media.read_stored("../../etc/passwd")


def test_a_file_is_answered_for_ever_and_nothing_else_is(client: FlaskClient) -> None:
    stored = media.store_picture(picture(400, 200))
    answer = client.get(f"/media/{stored.key}/400.jpg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    answer.close()
    again = client.get(f"/media/{stored.key}/400.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    again.close()
    for path in (f"{stored.key}/401.jpg", f"{stored.key}/400.json", f"{stored.key}/400.jpg.part", f"{'0' * 32}/400.jpg",
                 "../400.jpg", "%2e%2e/400.jpg", f"{stored.key}/picture.json", f"{stored.key.upper()}/400.jpg",
                 f"{stored.key}/-1.jpg", f"{stored.key}/{'9' * 30}.jpg", f"{stored.key}/400.%00jpg"):
        assert client.get(f"/media/{path}").status_code == 404, path


def test_a_product_with_ready_files_leaves_nothing_to_a_job(app: Flask, tmp_path: Path) -> None:
    ready: dict[str, dict[int, Path]] = {"avif": {}, "webp": {}}
    for kind, of_kind in ready.items():
        for width in (320, 640, 1200):
            of_kind[width] = tmp_path / f"{width}.{kind}"
            of_kind[width].write_bytes(picture(width, width, kind.upper()))
    complete, uploaded = media.register_renditions(ready), media.store_picture(picture())
    make_product(images=(ImageEntry(key=complete.key), ImageEntry(key=uploaded.key)), stock=0)
    asked = db.session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == "ImageAdded")).all()
    waiting = db.session.scalars(select(Image.id).where(Image.key == uploaded.key)).one()
    assert asked == [{"image_id": waiting}]
