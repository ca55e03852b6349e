"""The colors of the whole catalog: ten pigments and one ground per top category.

Colors are written as sRGB hex and used as linear light (float32, 0..1), because
light adds up only there.

    from demo.draw.palette import PIGMENTS, linear, mix
    rug = mix(PIGMENTS["moss"], PIGMENTS["chalk"], 0.25)   # a quarter chalk
    other = linear("#a9bcc4")
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def linear(hexcode: str) -> Floats:
    """The linear-light RGB triple (shape (3,)) of an sRGB hex code."""
    code = hexcode.removeprefix("#")
    srgb = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.float32) / 255
    return to_linear(srgb)


def to_linear(srgb: Floats) -> Floats:
    """Linear light of sRGB values in 0..1, any shape (IEC 61966-2-1)."""
    low = srgb / 12.92
    high = ((np.maximum(srgb, 0.0) + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high).astype(np.float32)


def to_srgb(light: Floats) -> Floats:
    """The sRGB values in 0..1 of linear light, any shape (IEC 61966-2-1)."""
    light = np.clip(light, 0.0, 1.0)
    low = light * 12.92
    high = 1.055 * light ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, low, high).astype(np.float32)


def mix(first: Floats, second: Floats, share: float | Floats) -> Floats:
    """`first` with `share` (0..1) of `second`; colors (3,) or (3, N), share a number or (N,)."""
    if isinstance(share, np.ndarray):
        first = first[:, None] if first.ndim == 1 else first
        second = second[:, None] if second.ndim == 1 else second
    return (first + (second - first) * share).astype(np.float32)


#: The pigments. Every glaze, yarn, ink and paper of the catalog is one of these or a mix.
HEX: dict[str, str] = {
    "chalk": "#f4efe6",
    "oat": "#e2d3bb",
    "blush": "#dfae9b",
    "clay": "#c97b57",
    "brick": "#a34a34",
    "ochre": "#dba23d",
    "moss": "#87906a",
    "pine": "#35524a",
    "fog": "#a7bcc4",
    "ink": "#2b3a52",
}
PIGMENTS: dict[str, Floats] = {name: linear(code) for name, code in HEX.items()}

#: The wall-and-table color of each top category.
GROUNDS: dict[str, str] = {
    "ceramics": "#f0d0b6",
    "textiles": "#c6d6d1",
    "paper": "#f0d59c",
    "light": "#7a5f6e",
}


def pigment(name: str) -> Floats:
    """The linear color of a pigment name or of a hex code such as `#a9bcc4`."""
    return linear(name) if name.startswith("#") else PIGMENTS[name]
