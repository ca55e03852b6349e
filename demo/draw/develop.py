"""From light to picture: glow round bright places, a gentle shoulder, fine even grain."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from demo.draw.palette import Floats, to_srgb


def develop(light: Floats, *, glow: float, seed: int) -> Image.Image:
    """Linear light (3, H, W) to an 8-bit picture: glow, gentle shoulder, fine even grain."""
    if glow:
        light = light + glow * _bloom(light)
    knee = 0.82
    light = np.where(light > knee, knee + (1 - knee) * np.tanh((light - knee) / (1 - knee) * 0.8), light)
    srgb = to_srgb(light.astype(np.float32)) * 255
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 0.9, size=srgb.shape[1:]).astype(np.float32)
    pixels = np.clip(srgb + grain + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _bloom(light: Floats) -> Floats:
    """What very bright places spill around them: the part above 0.9, blurred wide."""
    height, width = light.shape[1:]
    small = (max(width // 6, 1), max(height // 6, 1))
    planes = []
    for plane in np.maximum(light - 0.9, 0):
        image = Image.fromarray(np.minimum(plane, 3)).resize(small, Image.Resampling.BOX)
        bright = Image.fromarray((np.clip(np.asarray(image) / 3, 0, 1) * 255).astype(np.uint8))
        blurred = bright.filter(ImageFilter.GaussianBlur(small[1] / 28))
        wide = blurred.convert("F").resize((width, height), Image.Resampling.BICUBIC)
        planes.append(np.asarray(wide, dtype=np.float32) / 255 * 3)
    return np.stack(planes)
