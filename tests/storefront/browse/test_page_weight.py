"""What a page costs a phone: all that its first view loads but pictures, as it travels."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation.assets import BUILT
from tests.factories.catalog import make_product

KIB = 1024
WHOLE, SCRIPTS, PAGE = 60 * KIB, 18 * KIB, 14 * KIB  # 14 KiB is what a new connection gets in its first round trip
OPTIONS = {"Size": ["Small", "Medium", "Large"], "Glaze": ["Oat", "Moss", "Chalk", "Slate"]}


@pytest.fixture
def shelf(app: Flask) -> None:
    """As much as a page shows at once."""
    for at in range(30):
        make_product(slug=f"bowl-{at}", categories=("kitchen/bowls",), options=OPTIONS if at == 0 else None)


def weigh(file: Path) -> int:
    """Return the bytes that travel: fonts are compressed already."""
    return file.stat().st_size if file.suffix == ".woff2" else len(gzip.compress(file.read_bytes(), 9))


def loaded_by(page: str) -> dict[str, int]:
    """Return name and weight of every style sheet, script and font that the page or its style sheets name."""
    files = {BUILT / name for name in re.findall(r'(?:src|href)="/static/built/([\w.-]+\.(?:css|js|woff2))"', page)}
    for sheet in [file for file in files if file.suffix == ".css"]:
        fonts = re.findall(r"url\([\"']?(?:/static/built/)?([\w.-]+\.woff2)", sheet.read_text())
        files |= {BUILT / name for name in fonts}
    return {file.name: weigh(file) for file in files}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("path", ["/", "/c/kitchen/bowls", "/p/bowl-0"])
def test_a_page_weighs_no_more_than_a_phone_should_carry(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    files = loaded_by(page)
    html = len(gzip.compress(page.encode(), 6))
    scripts = sum(size for name, size in files.items() if name.endswith(".js"))
    assert any(name.endswith(".css") for name in files)
    assert any(name.endswith(".woff2") for name in files)
    assert scripts > 0
    assert html <= PAGE
    assert scripts <= SCRIPTS
    assert html + sum(files.values()) <= WHOLE, files
