"""What is printed: pictures for prints and cards, made of lines and flat shapes.

Every maker returns the share of each ink at the pixels of a sheet as an RGB picture in linear
light, (height, width, 3) float32, paper included. `size` is (width, height) in pixels; the same
seed gives the same picture at every size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from demo.draw.noise import cloud
from demo.draw.palette import PIGMENTS, Floats, mix

Size = tuple[int, int]
Point = tuple[float, float]
#: Drawn this much larger and averaged: clean edges.
OVER = 2
PAPER = mix(PIGMENTS["chalk"], PIGMENTS["oat"], 0.06)


def enlarged(grid: Floats, size: Size) -> Floats:
    """A smooth grid of values brought to another size (width, height)."""
    image = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32)


class Sheet:
    """A sheet of paper that takes one ink after the other; positions are shares 0..1 of width."""

    def __init__(self, size: Size, paper: Floats = PAPER) -> None:
        self.size = size
        self.scale = size[0] * OVER
        self.ratio = size[1] / size[0]
        self.light = np.broadcast_to(paper, (size[1], size[0], 3)).astype(np.float32).copy()

    def stencil(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """An empty stencil at drawing size, and what draws on it."""
        image = Image.new("L", (self.size[0] * OVER, self.size[1] * OVER), 0)
        return image, ImageDraw.Draw(image)

    def line(self, draw: ImageDraw.ImageDraw, points: list[Point], width: float, fill: int = 255) -> None:
        """A pen line with round ends; width as a share of the sheet's width."""
        pixels = [(x * self.scale, y * self.scale) for x, y in points]
        broad = max(round(width * self.scale), 1)
        draw.line(pixels, fill=fill, width=broad, joint="curve")
        if broad > 3:
            r = broad / 2 - 0.5
            for x, y in (pixels[0], pixels[-1]):
                draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def shape(self, draw: ImageDraw.ImageDraw, points: list[Point], fill: int = 255) -> None:
        draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def disc(self, draw: ImageDraw.ImageDraw, at: Point, radius: float, fill: int = 255) -> None:
        x, y, r = at[0] * self.scale, at[1] * self.scale, radius * self.scale
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def grain(self, seed: int, strength: float) -> Floats:
        """How evenly ink lies: 1 with small losses where the paper's tooth is deep."""
        w = min(self.size[0], 1100)
        h = round(w * self.ratio)
        y, x = np.mgrid[0:h, 0:w].astype(np.float32) / np.float32(w)
        p = np.stack([x.ravel(), y.ravel(), np.zeros(x.size, dtype=np.float32)])
        fine = cloud(p, 150, seed, 2).reshape(h, w)
        broad = cloud(p, 5, seed + 9, 2).reshape(h, w)
        loss = np.clip(0.5 * fine + 0.3 * broad + 0.2, 0, 1).astype(np.float32)
        return np.asarray(1 - strength * enlarged(loss, self.size), dtype=np.float32)

    def ink(
        self, stencil: Image.Image, color: Floats, *, clear: float = 0.0, grain: float = 0.12, seed: int = 1
    ) -> None:
        """Print through a stencil; `clear` 0 covers, 1 lets all light pass as a glazing ink."""
        mask = np.asarray(stencil.resize(self.size, Image.Resampling.BOX), dtype=np.float32) / 255
        share = (mask * self.grain(seed, grain))[..., None]
        inked = color * (1 - clear) + self.light * color * clear * 1.06
        self.light = (self.light + (inked - self.light) * share).astype(np.float32)


def ridge(x: Floats, number: int, seed: int) -> Floats:
    """The height line 0..1 of one range of hills at x in 0..1."""
    s = seed * 0.71 + number * 2.37
    slow = np.sin(x * (3.1 + 0.5 * number) + s) + 0.55 * np.sin(x * (6.7 + 0.4 * number) + 1.9 * s)
    fine = 0.16 * np.sin(x * 19 + 3 * s) + 0.07 * np.sin(x * 47 + s) + 0.03 * np.sin(x * 101 + 5 * s)
    return np.asarray((slow + fine) * (0.5 + 0.06 * number), dtype=np.float32)


def hills(size: Size, color: Floats, seed: int) -> Floats:
    """Seven ridges, each darker than the one behind it, under a pale sun."""
    sheet = Sheet(size, mix(PIGMENTS["chalk"], PIGMENTS["blush"], 0.22))
    ratio = sheet.ratio
    image, draw = sheet.stencil()
    sheet.disc(draw, (0.63, ratio * 0.30), 0.105)
    sheet.ink(image, mix(PIGMENTS["blush"], PIGMENTS["clay"], 0.45), seed=seed)
    x = np.linspace(0, 1, 420, dtype=np.float32)
    for number in range(7):
        image, draw = sheet.stencil()
        base = ratio * (0.40 + 0.083 * number)
        y = base - 0.075 * ridge(x, number, seed) * (0.8 + 0.05 * number)
        points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
        sheet.shape(draw, [*points, (1.0, ratio), (0.0, ratio)])
        depth = number / 6
        far = mix(color, PIGMENTS["blush"], 0.55 * (1 - depth) ** 1.5)
        shade = mix(far, PIGMENTS["ink"], 0.80 * depth**1.4)
        sheet.ink(image, mix(shade, PIGMENTS["chalk"], 0.34 * (1 - depth)), seed=seed + number)
    return sheet.light


def island(x: Floats, y: Floats, seed: int) -> Floats:
    """The height of an invented island: two rounded tops and some bays, 0 at the shore."""
    p = np.stack([x, y, np.full_like(x, 0.3)]).astype(np.float32)
    rough = cloud(p, 2.6, seed, 3)
    first = np.exp(-(((x - 0.41) / 0.26) ** 2 + ((y - 0.52) / 0.30) ** 2))
    second = 0.8 * np.exp(-(((x - 0.64) / 0.21) ** 2 + ((y - 0.94) / 0.24) ** 2))
    return np.asarray(first + second + 0.42 * rough - 0.26, dtype=np.float32)


def contours(size: Size, color: Floats, seed: int) -> Floats:
    """Contour lines of an island, every fifth one heavier, with depth lines around the shore."""
    sheet = Sheet(size)
    h, w = size[1] * OVER, size[0] * OVER
    small = 700
    y, x = np.mgrid[0 : round(small * sheet.ratio), 0:small].astype(np.float32) / small
    coarse = island(x.ravel(), y.ravel().astype(np.float32), seed).reshape(x.shape)
    height = enlarged(coarse, (w, h))
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) / np.float32(w)
    gy, gx = np.gradient(height)
    steep = np.hypot(gx, gy) + 1e-7
    image = np.zeros((h, w), dtype=np.float32)
    for number in range(26):
        level = 0.036 * number
        pen = 0.0031 if number % 5 == 0 else 0.0015
        away = np.abs(height - level) / steep / w
        image = np.maximum(image, np.clip((pen / 2 - away) * w + 0.5, 0, 1))
    for number in range(1, 4):
        away = np.abs(height + 0.045 * number) / steep / w
        dashed = np.mod((x + y) * 62, 1) < 0.55
        image = np.maximum(image, dashed * np.clip((0.0006 - away) * w + 0.5, 0, 1) * 0.7)
    margin = 0.075
    frame = (x > margin) & (x < 1 - margin) & (y > margin) & (y < sheet.ratio - margin)
    land = Image.fromarray(((height > 0) & frame).astype(np.uint8) * 255)
    sheet.ink(land, mix(color, PAPER, 0.80), seed=seed, grain=0.05)
    sheet.ink(Image.fromarray((image * frame * 255).astype(np.uint8)), mix(color, PIGMENTS["ink"], 0.55))
    return sheet.light


def tide(size: Size, color: Floats, seed: int) -> Floats:
    """Ninety lines from edge to edge, each almost like the one above it."""
    sheet = Sheet(size)
    image, draw = sheet.stencil()
    x = np.linspace(0.09, 0.91, 260, dtype=np.float32)
    before = np.full_like(x, -1)
    top, bottom = 0.11, sheet.ratio - 0.11
    count = 90
    for number in range(count):
        t = number / (count - 1)
        p = np.stack([x * 1.1, np.full_like(x, t * 2.3), np.zeros_like(x)]).astype(np.float32)
        swell = cloud(p, 2.2, seed, 2)
        calm = np.sin(np.pi * t) ** 0.8
        line = 0.115 * calm * swell + 0.012 * calm * np.sin(x * 21 + t * 30)
        y = np.maximum(top + (bottom - top) * t + line, before + np.float32(0.0052))
        before = y
        points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
        sheet.line(draw, points, 0.0019 + 0.0012 * float(calm))
    sheet.ink(image, mix(color, PIGMENTS["ink"], 0.42), seed=seed, grain=0.10)
    return sheet.light


Maker = Callable[[Size, Floats, int], Floats]
