"""The drawn textiles, prints and paper: cheap checks of what goes wrong unseen."""

from __future__ import annotations

import numpy as np
import pytest

from demo.draw.blocks import arches, grains, leaves, seed_heads, waves
from demo.draw.brief import Brief
from demo.draw.catalog import briefs, compose
from demo.draw.hung import Hung
from demo.draw.motifs import MOTIFS
from demo.draw.palette import PIGMENTS
from demo.draw.scene import render
from demo.draw.stationery import Envelope
from demo.draw.weave import Cloth, warp_on_top

TEXTILES = [brief for brief in briefs() if brief.ground == "textiles"]


@pytest.mark.parametrize("brief", TEXTILES, ids=lambda brief: f"{brief.slug}-{brief.file}")
def test_every_textile_of_the_catalog_has_a_scene(brief: Brief) -> None:
    scene = compose(brief)
    assert scene.solids
    assert scene.ground == "textiles"


@pytest.mark.parametrize("structure", ["plain", "twill", "herringbone", "basket"])
def test_half_of_the_warp_lies_on_top_in_balanced_weaves(structure: str) -> None:
    i, j = np.meshgrid(np.arange(32, dtype=np.int32), np.arange(32, dtype=np.int32))
    assert warp_on_top(structure, i, j).mean() == 0.5


def test_hung_cloth_never_swings_back_through_its_rail() -> None:
    cloth = Cloth(PIGMENTS["oat"], PIGMENTS["clay"])
    x, down = np.meshgrid(np.linspace(-30, 30, 200), np.linspace(0, 52, 60))
    for seed in range(7):
        hung = Hung(cloth, 60, 52, 44, wave=4.6, seed=seed)
        swing = hung.swing(x.astype(np.float32), down.astype(np.float32))
        assert swing.min() > -hung.radius


@pytest.mark.parametrize("name", MOTIFS)
def test_a_motif_is_the_same_every_time_and_holds_ink(name: str) -> None:
    first = MOTIFS[name]((96, 134), PIGMENTS["moss"], 5)
    again = MOTIFS[name]((96, 134), PIGMENTS["moss"], 5)
    assert first.shape == (134, 96, 3)
    assert np.array_equal(first, again)
    assert np.isfinite(first).all()
    assert first.min() >= 0
    assert first.std() > 0.01


@pytest.mark.parametrize("block", [leaves, seed_heads, waves, arches, grains])
def test_a_block_print_gives_shares_of_ink(block: type[object]) -> None:
    u, v = (
        grid.ravel().astype(np.float32) for grid in np.meshgrid(np.linspace(-30, 30, 120), np.linspace(-30, 30, 120))
    )
    share = block(6.0, 3)(u, v)  # type: ignore[call-arg, operator]
    assert np.isfinite(share).all()
    assert share.min() >= 0
    assert share.max() <= 1
    assert 0.03 < share.mean() < 0.6


def test_an_envelope_has_a_color_at_its_very_edges() -> None:
    envelope = Envelope((16, 11), PIGMENTS["chalk"], PIGMENTS["pine"])
    p = np.array([[8.0, -8.001, 8.2], [5.4, -5.4, 0], [0.16, 0.16, 0]], dtype=np.float32)
    assert np.isfinite(envelope.surface(p).albedo).all()


def test_the_same_brief_gives_the_same_pixels() -> None:
    brief = next(b for b in TEXTILES if b.slug == "ticking-cushion")
    first, again = (render(compose(brief), width=40, height=50) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert np.asarray(first).std() > 10
