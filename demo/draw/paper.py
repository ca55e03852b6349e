"""Paper goods.

Kinds: `notebook` (style: cloth-spine, elastic, pocket, open-spine, cloth), `cards` (motif: leaf,
border, letter), `wrap` (form: sheets, with the pattern named by the first value; roll).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.draw.blocks import arches, grains, waves
from demo.draw.brief import Brief
from demo.draw.palette import PIGMENTS, Floats, mix, pigment
from demo.draw.scene import Scene
from demo.draw.sheets import Board, LooseSheet, picture, shaded
from demo.draw.solids import Place, Solid
from demo.draw.stationery import Book, Envelope, Roll, Wrapped, pencil, string_around

GREY_BOARD = mix(mix(PIGMENTS["fog"], PIGMENTS["oat"], 0.55), PIGMENTS["ink"], 0.10)
KRAFT = mix(mix(PIGMENTS["oat"], PIGMENTS["clay"], 0.16), PIGMENTS["ochre"], 0.10)
WHITE = mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.10)
#: The three covers of a set of pocket books.
SETS = {"Field": ("moss", "ochre", "oat"), "Shore": ("fog", "ink", "chalk")}


def compose(brief: Brief) -> Scene:
    """The scene of a notebook, of cards or of wrapping paper."""
    makers: dict[str, Callable[[Brief], Scene]] = {
        "notebook": _notebook,
        "cards": _letters if brief.params.get("motif") == "letter" else _cards,
        "wrap": _wrap,
    }
    return makers[brief.kind](brief)


def _scene(brief: Brief, solids: list[Solid], span: float, look: tuple[float, float, float]) -> Scene:
    return Scene(brief.ground, solids, span, look=look, room=max(span, 30.0), seed=brief.seed)


def standing(x: float, z: float, yaw: float, high: float, lean: float = 0.0) -> Place:
    """The place of a book `high` cm tall that stands upright, its front to the camera."""
    rise = high / 2 * float(np.cos(np.radians(lean)))
    return Place(x=x, y=rise, z=z, yaw=yaw, lean=-(90.0 - lean))


def _book(brief: Brief, color: Floats, place: Place, scale: float = 1.0) -> Book:
    style, seed = str(brief.params["style"]), brief.seed % 29
    w, h = 14.8 * scale, 21.0 * scale
    if style == "cloth-spine":
        return Book((w, 1.7, h), GREY_BOARD, color, strip=3.4 * scale, place=place, seed=seed)
    if style == "elastic":
        band = mix(color, PIGMENTS["clay"], 0.75) if brief.color_name == "ink" else PIGMENTS["ink"]
        return Book((13, 1.7, 21), color, color, 0.0, 0.16, elastic=band, soft=True, place=place, seed=seed)
    if style == "open-spine":
        return Book((w, 2.2 * scale, h), GREY_BOARD, place=place, seed=seed)
    if style == "pocket":
        return Book((9, 0.55, 14), color, color, 0.0, 0.10, label=True, soft=True, place=place, seed=seed)
    return Book((15, 1.8, 21), color, color, 0.2, woven=True, place=place, seed=seed)


def _notebook(brief: Brief) -> Scene:
    color, style = brief.color, str(brief.params["style"])
    if style == "pocket":
        return _pocket(brief)
    if brief.view == "detail":
        book = _book(brief, color, standing(0, 0, 38, 21))
        return _scene(brief, [book], 11, (-4.4, 15.5, 4.2))
    if brief.view == "use":
        return _stack(brief, color)
    thick = _book(brief, color, Place()).size[1]
    back = _book(brief, color, standing(-3.6, -3.5, 27, 21))
    front = _book(brief, color, Place(5.2, thick / 2, 8.5, yaw=-24))
    return _scene(brief, [back, front], 38, (1.6, 7.4, 2))


def _stack(brief: Brief, color: Floats) -> Scene:
    """Two or three of them lying, a pencil on top."""
    scales = {"cloth-spine": (1.0, 0.71), "open-spine": (1.41, 1.0, 1.0)}.get(str(brief.params["style"]), (1.0,))
    solids: list[Solid] = []
    level = 0.0
    for number, scale in enumerate(scales):
        book = _book(brief, color, Place(), scale)
        thick = book.size[1]
        turn = (118.0, 104.0, 125.0)[number]
        book.place = Place(-0.6 * number, level + thick / 2, 0.4 * number, yaw=turn)
        solids.append(book)
        level += thick
    if len(scales) == 1:
        solids += pencil(Place(-4.5, 0, 12.0, yaw=17), "clay")
        return _scene(brief, solids, 33, (0.5, 2.2, 2.5))
    solids += pencil(Place(-6.6, level, 3.4, yaw=20), "clay" if brief.color_name != "clay" else "ink")
    return _scene(brief, solids, 47 if len(scales) == 3 else 37, (0.4, 2.6, 0.8))


def _pocket(brief: Brief) -> Scene:
    solids: list[Solid] = []
    for number, name in enumerate(SETS[brief.values[0]]):
        place = standing(-7.6 + 7.6 * number, -3.0 + 2.8 * number, 16 - 3 * number, 14, lean=9)
        solids.append(_book(brief, pigment(name), place))
    return _scene(brief, solids, 35, (0.3, 5.8, 0))


def _cards(brief: Brief) -> Scene:
    motif, color, seed = str(brief.params["motif"]), brief.color, brief.seed % 31
    ink = shaded(color, 0.10)
    image = picture(motif, brief.color_name, 500, 15 / 10.5, seed)
    if brief.view == "use":
        return _card_pile(brief, image)
    if motif == "border":
        card = LooseSheet((10.5, 15), image, 0.15, 0.16, place=Place(-3.4, 7.5, 2.5, 10, 5), seed=seed)
        envelope = Envelope((16, 11.2), WHITE, ink, place=Place(2.6, 5.8, -3.5, yaw=-4, lean=9))
        return _scene(brief, [envelope, card], 31, (0, 7.2, 0))
    front = LooseSheet((10.5, 15), image, 0.2, 0.12, place=_hinged(-7.6, 3.2, 14, 10.5), seed=seed)
    rear = LooseSheet((10.5, 15), None, 0.2, 0.12, place=_hinged(-7.6, 3.2, 50, 10.5), seed=seed)
    envelope = Envelope((16, 11.4), WHITE, place=Place(3.8, 5.7, -5.0, yaw=-6, lean=12))
    return _scene(brief, [front, rear, envelope], 30, (0.2, 6.6, 0))


def _hinged(x: float, z: float, yaw: float, width: float) -> Place:
    """The place of a card's half that stands, its left edge at x, z."""
    a = np.radians(yaw)
    half = width / 2
    return Place(x + half * float(np.cos(a)), 7.5, z - half * float(np.sin(a)), yaw=yaw)


def _card_pile(brief: Brief, image: Floats) -> Scene:
    """Envelopes in a pile, one card lying on top, another standing behind."""
    seed = brief.seed % 31
    solids: list[Solid] = []
    for number in range(5):
        place = Place(0.25 * (number % 3), 0.17 + 0.33 * number, 1.5, -18 + 2.5 * (number % 2), 90)
        solids.append(Envelope((16, 11.4), WHITE, place=place, seed=seed + number))
    solids.append(LooseSheet((10.5, 15), image, 0.2, 0.2, place=Place(-1.5, 2.1, 2.5, -48, 90)))
    solids.append(LooseSheet((10.5, 15), image, 0.3, 0.16, place=Place(0.5, 7.45, -8.5, 9, 6), seed=seed))
    return _scene(brief, solids, 33, (0, 5.0, -1))


def _letters(brief: Brief) -> Scene:
    """Writing paper and envelopes in a stack, tied with tape."""
    tape, yaw = brief.color * np.float32(0.96), -27.0
    folder = Board((15.8, 0.3, 21.6), 0.06, place=Place(y=0.15, yaw=yaw), tint=GREY_BOARD)
    paper = Board((15, 1.5, 21), 0.04, place=Place(y=1.05, yaw=yaw), tint=WHITE, lively=0.03)
    solids: list[Solid] = [folder, paper]
    for number in range(4):
        place = Place(0, 1.95 + 0.29 * number, 0, yaw + 0.8 * (number % 2), 90)
        solids.append(Envelope((15.3, 10.6), WHITE, place=place, thick=0.28, seed=number))
    band = Board((15.9, 3.04, 1.3), 0.08, place=Place(y=1.55, yaw=yaw), tint=tape)
    solids.append(band)
    for turn in (18.0, -24.0):
        end = Board((6.0, 0.10, 1.2), 0.04, place=Place(1.2, 3.12, 1.2 - 0.06 * turn, yaw + turn), tint=tape)
        solids.append(end)
    solids.append(Board((1.5, 0.5, 1.5), 0.2, place=Place(0, 3.2, 0, yaw), tint=tape))
    if brief.view == "use":
        solids += pencil(Place(-12.5, 0, 12.5, yaw=14), "ink")
    return _scene(brief, solids, 36 if brief.view == "use" else 33, (0, 2.6, 1))


def _printed(brief: Brief) -> tuple[Floats, Callable[[Floats, Floats], Floats]]:
    """The ink and the motif of a pattern's name."""
    seed = brief.seed % 31
    name = brief.values[0] if brief.values else "Seed"
    if name == "Wave":
        return mix(PIGMENTS["fog"], PIGMENTS["ink"], 0.62), waves(4.4, seed)
    if name == "Arch":
        return mix(PIGMENTS["clay"], PIGMENTS["brick"], 0.35), arches(4.4, seed)
    return mix(PIGMENTS["moss"], PIGMENTS["pine"], 0.65), grains(3.6, seed)


def _wrap(brief: Brief) -> Scene:
    if brief.params["form"] == "roll":
        return _rolls(brief)
    ink, motif = _printed(brief)
    if brief.view == "use":
        return _parcel(brief, ink, motif)
    solids: list[Solid] = []
    for number in range(3):
        size = (25.0 - 0.12 * number, 17.5 - 0.1 * number, 0.34)
        place = Place(-0.5 + 0.25 * number, 8.6, -3.6 + 0.42 * number, yaw=9 + number, lean=12)
        solids.append(Wrapped(size, 0.15, place=place, paper=KRAFT, ink=ink, motif=motif, ends=False))
    for number in range(3):
        place = Place(3.0 - 0.3 * number, 0.18 + 0.36 * number, 9.0, yaw=-14 + 2.0 * number, lean=90)
        solids.append(Wrapped((25, 17.5, 0.34), 0.15, place=place, paper=KRAFT, ink=ink, motif=motif, ends=False))
    return _scene(brief, solids, 42, (0.5, 6.6, 1))


def _parcel(brief: Brief, ink: Floats, motif: Callable[[Floats, Floats], Floats] | None) -> Scene:
    size = (20.0, 7.0, 14.0)
    place = Place(y=3.5, yaw=-28)
    paper = KRAFT if brief.params["form"] == "sheets" else brief.color
    box = Wrapped(size, 0.25, place=place, paper=paper, ink=ink, motif=motif)
    return _scene(brief, [box, *string_around(size, place, "#e9e2d2")], 33, (0, 3.6, 0))


def _rolls(brief: Brief) -> Scene:
    color = brief.color * np.float32(0.97)
    pale = mix(color, PIGMENTS["chalk"], 0.75)
    if brief.view == "use":

        def ruled(u: Floats, v: Floats) -> Floats:
            return np.asarray(np.abs(np.mod(u + 1.5, 3.0) - 1.5) < 0.16, dtype=np.float32)

        return _parcel(brief, pale, ruled)
    near = Roll(44, 2.5, color, pale, tongue=13, place=Place(0.5, 0, -1, yaw=-16))
    far = Roll(44, 2.5, color, pale, place=Place(-1.5, 0, -10.5, yaw=-19))
    return _scene(brief, [near, far], 58, (0, 3.6, 0))
