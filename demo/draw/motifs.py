"""Further pictures for prints and cards: moons, meadow stems, overlapping shapes, a leaf."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from demo.draw.art import Maker, Point, Sheet, Size, contours, hills, tide
from demo.draw.blocks import leaf
from demo.draw.palette import PIGMENTS, Floats, mix, pigment


def moons(size: Size, color: Floats, seed: int) -> Floats:
    """Thirteen moons from new to full and back, shaded with lines, on a night ground."""
    night = mix(color, PIGMENTS["pine"], 0.12)
    sheet = Sheet(size, night)
    pale = mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.35)
    bright, draw = sheet.stencil()
    lines, pen = sheet.stencil()
    step = (sheet.ratio - 0.36) / 4
    places = [(0.25 + 0.25 * column, 0.18 + step * row) for row in range(4) for column in range(3)]
    places.append((0.5, 0.18 + step * 4))
    radius = 0.086
    for number, at in enumerate(places):
        phase = 2 * np.pi * number / 12
        _moon(sheet, (draw, pen), at, radius, phase)
    sheet.ink(lines, mix(night, pale, 0.42), seed=seed, grain=0.2)
    sheet.ink(bright, pale, seed=seed, grain=0.16)
    return sheet.light


Pens = tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw]


def _moon(sheet: Sheet, pens: Pens, at: Point, radius: float, phase: float) -> None:
    """One disc: the lit part with the first pen, parallel lines over all of it with the second."""
    draw, pen = pens
    angle = np.linspace(-np.pi / 2, np.pi / 2, 60)
    side = 1 if phase <= np.pi else -1
    lit = float(np.cos(phase))
    outer = [(at[0] + side * radius * np.cos(a), at[1] + radius * np.sin(a)) for a in angle]
    inner = [(at[0] + side * lit * radius * np.cos(a), at[1] + radius * np.sin(a)) for a in angle]
    sheet.shape(draw, [*outer, *inner[::-1]])
    for step in range(-8, 9):
        y = step / 9 * radius * 0.985
        half = float(np.sqrt(max(radius**2 - y**2, 0))) * 0.97
        sheet.line(pen, [(at[0] - half, at[1] + y), (at[0] + half, at[1] + y)], 0.0026)


def _stem(start: Point, height: float, bend: float, count: int = 60) -> tuple[list[Point], list[float]]:
    """A stalk that leans as it rises: its points and the direction (radians) at each."""
    t = np.linspace(0, 1, count)
    x = start[0] + bend * t**1.8
    y = start[1] - height * t
    way = np.arctan2(np.gradient(x), -np.gradient(y))
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)], [float(w) for w in way]


def _at(origin: Point, angle: float, length: float) -> Point:
    return origin[0] + length * float(np.sin(angle)), origin[1] - length * float(np.cos(angle))


def _blade(origin: Point, angle: float, length: float, broad: float) -> list[Point]:
    """A pointed leaf from its foot."""
    t = np.linspace(0, 1, 24)
    half = broad * np.sin(np.pi * t**0.8) ** 1.1
    c, s = float(np.cos(angle)), float(np.sin(angle))
    along = np.concatenate([t, t[::-1]]) * length
    aside = np.concatenate([-half, half[::-1]])
    x, y = origin[0] + s * along + c * aside, origin[1] - c * along + s * aside
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _carrot(sheet: Sheet, draw: ImageDraw.ImageDraw, start: Point, height: float) -> None:
    points, ways = _stem(start, height, 0.05)
    sheet.line(draw, points, 0.006)
    for number in range(-7, 8):
        angle = ways[-1] + number * 0.135
        reach = 0.150 - 0.0006 * number * number
        end = _at(points[-1], angle, reach)
        sheet.line(draw, [points[-1], end], 0.0028)
        for small in range(-4, 5):
            tip = _at(end, angle + small * 0.32, 0.026)
            sheet.line(draw, [end, tip], 0.0018)
            sheet.disc(draw, tip, 0.0048)
    for share, side in ((22, -1), (34, 1)):
        for step in range(5):
            foot = _at(points[share], ways[share] + side * 0.9, 0.018 * step)
            sheet.shape(draw, _blade(foot, ways[share] + side * (0.3 + 0.25 * step), 0.05 - 0.004 * step, 0.006))


def _fern(sheet: Sheet, draw: ImageDraw.ImageDraw, start: Point, height: float) -> None:
    points, ways = _stem(start, height, -0.10)
    sheet.line(draw, points, 0.0045)
    for number in range(6, 59):
        if number % 2 == 0:
            t = number / 59
            length = 0.115 * float(np.sin(np.pi * min(t * 0.86 + 0.18, 1.0))) + 0.006
            for side in (-1, 1):
                sheet.shape(draw, _blade(points[number], ways[number] + side * (1.25 - 0.35 * t), length, 0.0085))


def _grass(sheet: Sheet, draw: ImageDraw.ImageDraw, start: Point, height: float) -> None:
    points, ways = _stem(start, height, -0.06)
    sheet.line(draw, points, 0.0036)
    for number in range(30, 60, 3):
        side = 1 if number % 2 else -1
        angle = ways[number] + side * 0.8
        reach = 0.105 * (1.18 - (number - 30) / 36)
        end = _at(points[number], angle, reach)
        hung = (end[0] + side * 0.012, end[1] + 0.022)
        sheet.line(draw, [points[number], end, hung], 0.0018)
        sheet.shape(draw, _blade(hung, np.pi - side * 0.25, 0.044, 0.0125))
    for side in (-1, 1):
        sheet.shape(draw, _blade(start, side * 0.20, 0.40, 0.007))


def _plantain(sheet: Sheet, draw: ImageDraw.ImageDraw, start: Point, height: float) -> None:
    points, ways = _stem(start, height, 0.04)
    sheet.line(draw, points, 0.0048)
    sheet.shape(draw, _blade(_at(points[-1], ways[-1], -0.03), ways[-1], 0.13, 0.017))
    for number in range(26):
        angle = ways[-1] + (number / 25 - 0.5) * 2 * np.pi * 0.999
        ring = _at(_at(points[-1], ways[-1], 0.022), angle, 0.031)
        sheet.disc(draw, ring, 0.0042)
    for side, long in ((-0.42, 0.36), (0.34, 0.40), (0.04, 0.30)):
        sheet.shape(draw, _blade(start, side, long, 0.020))


def _vetch(sheet: Sheet, draw: ImageDraw.ImageDraw, start: Point, height: float) -> None:
    points, ways = _stem(start, height, 0.09)
    sheet.line(draw, points, 0.0036)
    for number in range(8, 58, 7):
        for side in (-1, 1):
            rib = ways[number] + side * 1.0
            sheet.line(draw, [points[number], _at(points[number], rib, 0.10)], 0.0020)
            for step in range(1, 6):
                foot = _at(points[number], rib, 0.018 * step)
                for turn in (-0.9, 0.9):
                    sheet.shape(draw, _blade(foot, rib + turn, 0.030, 0.0062))


def stems(size: Size, color: Floats, seed: int) -> Floats:
    """Five plants of one verge side by side, in one ink."""
    sheet = Sheet(size)
    image, draw = sheet.stencil()
    foot = sheet.ratio - 0.14
    tall = sheet.ratio - 0.36
    _grass(sheet, draw, (0.17, foot), tall * 0.86)
    _plantain(sheet, draw, (0.335, foot), tall * 0.72)
    _carrot(sheet, draw, (0.50, foot), tall * 0.90)
    _vetch(sheet, draw, (0.655, foot), tall * 0.66)
    _fern(sheet, draw, (0.90, foot), tall * 0.90)
    sheet.ink(image, mix(color, PIGMENTS["ink"], 0.12), seed=seed, grain=0.22)
    return sheet.light


def overlap(size: Size, color: Floats, seed: int) -> Floats:
    """Four shapes in four clear inks; where they overlap, new colors."""
    sheet = Sheet(size)
    r = sheet.ratio
    blob = np.linspace(0, 2 * np.pi, 160)

    def egg(at: Point, wide: float, high: float, turn: float, power: float) -> list[Point]:
        c, s = np.cos(blob), np.sin(blob)
        x = np.sign(c) * np.abs(c) ** power * wide
        y = np.sign(s) * np.abs(s) ** power * high * (1 + 0.14 * s)
        a, b = np.cos(turn), np.sin(turn)
        return [(float(at[0] + a * i - b * j), float(at[1] + b * i + a * j)) for i, j in zip(x, y, strict=True)]

    half = [(0.5 + 0.37 * float(np.cos(a)), r * 0.665 - 0.37 * float(np.sin(a))) for a in np.linspace(0, np.pi, 80)]
    layers = (
        (egg((0.39, r * 0.35), 0.255, 0.255, 0.0, 1.0), "ochre"),
        (egg((0.60, r * 0.50), 0.235, 0.335, 0.30, 0.72), "clay"),
        (half, "fog"),
        (egg((0.385, r * 0.66), 0.145, 0.285, -0.55, 1.0), "pine"),
    )
    for number, (points, name) in enumerate(layers):
        image, draw = sheet.stencil()
        sheet.shape(draw, points)
        sheet.ink(image, pigment(name), clear=0.86, seed=seed + number * 7, grain=0.20)
    return sheet.light


def leaf_card(size: Size, color: Floats, seed: int) -> Floats:
    """One leaf in the middle of a card."""
    sheet = Sheet(size)
    h, w = size[1] * 2, size[0] * 2
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) / np.float32(w)
    px, py = (x - 0.5) / 0.86, -(y - sheet.ratio / 2) / 0.86
    turn = np.float32(0.16)
    share = leaf(px * np.cos(turn) - py * np.sin(turn), py * np.cos(turn) + px * np.sin(turn))
    sheet.ink(Image.fromarray((share * 255).astype(np.uint8)), color, seed=seed, grain=0.26)
    return sheet.light


def border_card(size: Size, color: Floats, seed: int) -> Floats:
    """A single line around the edge of a card."""
    sheet = Sheet(size)
    image, draw = sheet.stencil()
    m, r = 0.055, sheet.ratio
    sheet.line(draw, [(m, m), (1 - m, m), (1 - m, r - m), (m, r - m), (m, m)], 0.014)
    sheet.ink(image, color, seed=seed, grain=0.10)
    return sheet.light


MOTIFS: dict[str, Maker] = {
    "hills": hills,
    "contours": contours,
    "tide": tide,
    "moons": moons,
    "stems": stems,
    "overlap": overlap,
    "leaf": leaf_card,
    "border": border_card,
}
