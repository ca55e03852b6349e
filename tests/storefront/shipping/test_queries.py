"""What delivery costs, in words."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.shipping.queries import read_delivery_note
from tests.factories.checkout import make_world


@pytest.mark.usefixtures("app")
def test_the_note_names_the_country_for_which_it_is_true(app: Flask) -> None:
    make_world()
    assert read_delivery_note("IE", "EUR") == "Delivery to Ireland: from €4.50, free from €80.00"
    assert read_delivery_note("DE", "EUR") == ""
