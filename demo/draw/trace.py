"""Rays against solids: where they meet, how much sun and sky arrives. Centimeters throughout."""

from __future__ import annotations

import numpy as np

from demo.draw.palette import Floats
from demo.draw.solids import Solid, smoothstep


def to_local(solid: Solid, points: Floats) -> Floats:
    """Scene points (3, N) in the solid's own frame."""
    place = solid.place
    origin = np.array([place.x, place.y, place.z], dtype=np.float32)[:, None]
    return np.asarray(place.matrix().T @ (points - origin), dtype=np.float32)


def slab(
    solid: Solid, start: Floats, way: Floats, pad: float
) -> tuple[Floats, Floats]:
    """Where local rays enter and leave the bounding box grown by `pad` (leave < enter: missed)."""
    low = np.array(solid.low, dtype=np.float32)[:, None] - np.float32(pad)
    high = np.array(solid.high, dtype=np.float32)[:, None] + np.float32(pad)
    safe = np.where(np.abs(way) < 1e-7, np.float32(1e-7), way)
    one, two = (low - start) / safe, (high - start) / safe
    enter = np.minimum(one, two).max(axis=0)
    leave = np.maximum(one, two).min(axis=0)
    return np.maximum(enter, 0), leave


def meet(solid: Solid, eye: Floats, ways: Floats, close: float) -> Floats:
    """Distance along each ray (3, N) from `eye` (3,) to the solid, inf where it misses."""
    start = to_local(solid, eye[:, None])
    way = solid.place.matrix().T @ ways
    enter, leave = slab(solid, start, way, close)
    found = np.full(ways.shape[1], np.inf, dtype=np.float32)
    index = np.nonzero(leave > enter)[0]
    t, end, way = enter[index], leave[index], way[:, index]
    for _ in range(110):
        if index.size == 0:
            break
        away = solid.distance(start + way * t)
        hit = away < close
        found[index[hit]] = t[hit]
        t = t + np.maximum(away * np.float32(solid.relax), close * 0.5)
        going = ~hit & (t < end)
        index, t, end, way = index[going], t[going], end[going], way[:, going]
    return found


def sunlight(
    solids: list[Solid], points: Floats, sun: Floats, reach: float, spread: float
) -> Floats:
    """How much of the sun (0..1) each point sees; the sun is `spread` radians wide each way.

    The narrowest passing of each ray, measured against the sun's width, gives the half shade, all
    of it outside of the core, so that thin walls shade as thick ones do (after Aaltonen's and
    Quilez' soft shadows for distance fields).
    """
    seen = np.ones(points.shape[1], dtype=np.float32)
    for solid in solids:
        if solid.casts:
            seen = np.minimum(seen, _sun_past(solid, points, sun, reach, spread))
    return seen


def _sun_past(solid: Solid, points: Floats, sun: Floats, reach: float, spread: float) -> Floats:
    start = to_local(solid, points)
    way = (solid.place.matrix().T @ sun[:, None]).astype(np.float32)
    enter, leave = slab(solid, start, way, 1.8 * spread * reach)
    index = np.nonzero((leave > enter) & (enter < reach))[0]
    seen = np.ones(points.shape[1], dtype=np.float32)
    worst = np.ones(index.size, dtype=np.float32)
    t = np.maximum(enter[index], reach * 0.002)
    end, start = np.minimum(leave[index], reach), start[:, index]
    for _ in range(130):
        if index.size == 0:
            break
        away = solid.distance(start + way * t)
        worst = np.minimum(worst, away / (np.float32(1.8 * spread) * t + reach * 0.002))
        t = t + np.clip(away * np.float32(0.4), reach * 0.0022, reach * 0.03)
        done = (worst < 0) | (t > end)
        seen[index[done]] = worst[done]
        going = ~done
        index, t, end, worst = index[going], t[going], end[going], worst[going]
        start = start[:, going]
    seen[index] = worst
    return smoothstep(0, 1, seen)


def openness(
    solids: list[Solid], points: Floats, normals: Floats, reach: float, *, floor: bool
) -> Floats:
    """How much of the sky (0..1) each point sees, from four probes along its normal."""
    shut = np.zeros(points.shape[1], dtype=np.float32)
    weight = 0.42
    for step in (0.10, 0.25, 0.5, 1.0):
        length = np.float32(reach * step)
        probe = points + normals * length
        free = np.minimum(length, np.maximum(probe[1], 0)) if floor else np.full_like(shut, length)
        for solid in solids:
            if solid.casts:
                free = np.minimum(free, _room(solid, probe, length))
        near = 1 - np.clip(free / length, 0, 1)
        shut += np.float32(weight * 1.25) * near * np.sqrt(near)  # starts softly: no rings
        weight *= 0.72
    return np.clip(1 - shut * 0.85, 0.06, 1).astype(np.float32)


def _room(solid: Solid, probe: Floats, length: np.float32) -> Floats:
    """The distance from each probe to the solid, at most `length`; far probes are not measured."""
    local = to_local(solid, probe)
    low = np.array(solid.low, dtype=np.float32)[:, None] - length
    high = np.array(solid.high, dtype=np.float32)[:, None] + length
    index = np.nonzero(((local > low) & (local < high)).all(axis=0))[0]
    room = np.full(probe.shape[1], length, dtype=np.float32)
    if index.size:
        room[index] = np.minimum(solid.distance(local[:, index]), length)
    return room
