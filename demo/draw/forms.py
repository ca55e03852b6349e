"""The turned forms of the house: profile lines in shares of half the width and of the height."""

from __future__ import annotations

from dataclasses import dataclass

from demo.draw.lathe import Line, Profile


@dataclass(frozen=True)
class Form:
    """A wall line ((radius, height) in shares), wall thickness in cm at foot and rim, usual size.

    `ring` is a foot ring (radius, height in shares) below the floor; `wide` and `high` are cm.
    """

    line: Line
    wide: float
    high: float
    wall: tuple[float, float] = (0.75, 0.42)
    ring: tuple[float, float] | None = None
    stem: tuple[float, float] | None = None

    def profile(self, wide: float | None = None, high: float | None = None) -> Profile:
        """The profile in cm at a size."""
        radius, height = (wide or self.wide) / 2, high or self.high
        foot, rim = self.wall
        steps = len(self.line) - 1
        walls = tuple(foot + (rim - foot) * i / steps for i in range(steps + 1))
        lift = 0.0 if self.ring or self.stem else self.line[0][1] * height - foot / 2
        points = tuple((r * radius, y * height - lift * (1 - y)) for r, y in self.line)
        floor = points[0][1]
        extra = []
        if self.ring:
            r = self.ring[0] * radius
            extra.append(((r, 0.5 * foot), (r * 0.98, floor), foot))
        if self.stem:
            low, neck = self.stem
            extra.append(((low * radius, 0.5 * foot), (neck * radius, floor * 0.9), foot * 1.1))
        return Profile(points=points, walls=walls, extra=tuple(extra))


FORMS: dict[str, Form] = {
    "low": Form(((0, 0.20), (0.40, 0.20), (0.70, 0.32), (0.91, 0.62), (1, 1)), 20, 6, ring=(0.42, 0)),
    "deep": Form(
        ((0, 0.22), (0.36, 0.22), (0.66, 0.34), (0.88, 0.62), (1, 1)), 15, 9, ring=(0.44, 0)
    ),
    "pouring": Form(
        ((0, 0.10), (0.50, 0.10), (0.80, 0.24), (0.94, 0.55), (1, 1)), 18, 10, (0.8, 0.5), (0.55, 0)
    ),
    "footed": Form(
        ((0, 0.46), (0.30, 0.46), (0.66, 0.56), (0.92, 0.78), (1, 1)), 30, 13, (0.9, 0.5),
        stem=(0.36, 0.22),
    ),
    "tea": Form(
        ((0, 0.16), (0.34, 0.16), (0.70, 0.30), (0.92, 0.56), (0.97, 0.84), (1, 1)), 12, 8,
        (0.75, 0.4), (0.40, 0),
    ),
    "straight": Form(((0, 0.09), (0.5, 0.09), (0.84, 0.15), (0.97, 0.36), (1, 1)), 8, 8, (0.6, 0.36)),
    "mug": Form(
        ((0, 0.07), (0.70, 0.07), (0.93, 0.13), (1, 0.32), (1, 0.65), (0.97, 1)), 8.6, 9.2, (0.6, 0.4)
    ),
    "tumbler": Form(((0, 0.06), (0.56, 0.06), (0.72, 0.075), (0.79, 0.16), (0.87, 0.48), (1, 1)), 8, 11, (0.6, 0.36)),
    "bottle": Form(
        (
            (0, 0.03), (0.70, 0.03), (0.96, 0.12), (1, 0.25), (0.78, 0.44), (0.36, 0.60),
            (0.21, 0.76), (0.21, 0.92), (0.32, 1),
        ), 12, 26, (0.7, 0.42),
    ),
    "bud": Form(
        (
            (0, 0.05), (0.55, 0.05), (0.93, 0.22), (1, 0.40), (0.80, 0.62), (0.38, 0.78),
            (0.27, 0.88), (0.38, 1),
        ), 7.4, 9.5, (0.55, 0.34),
    ),
    "shoulder": Form(
        (
            (0, 0.03), (0.48, 0.03), (0.58, 0.10), (0.80, 0.42), (1, 0.71), (0.93, 0.83),
            (0.56, 0.93), (0.43, 0.965), (0.49, 1),
        ), 18, 24, (0.8, 0.45),
    ),
    "moon": Form(
        (
            (0, 0.03), (0.40, 0.03), (0.62, 0.09), (0.91, 0.29), (1, 0.52), (0.89, 0.76),
            (0.58, 0.925), (0.44, 0.955), (0.46, 1),
        ), 30, 29, (0.9, 0.5),
    ),
    "everyday": Form(((0, 0.22), (0.78, 0.22), (0.93, 0.42), (1, 1)), 24, 2.8, (0.7, 0.45)),
    "rimmed": Form(((0, 0.20), (0.56, 0.20), (0.66, 0.46), (0.84, 0.74), (1, 1)), 27, 2.6, (0.7, 0.42)),
    "oval": Form(((0, 0.14), (0.68, 0.14), (0.90, 0.42), (1, 1)), 20, 5, (0.8, 0.5)),
}
