"""Art prints. Kind `print`: `motif` (hills, contours, moons, stems, overlap, tide), `color`,
`frame` (true: "alone" shows it framed; "use" always shows the loose sheet)."""

from __future__ import annotations

from demo.draw.brief import Brief
from demo.draw.props import twig
from demo.draw.scene import Scene
from demo.draw.sheets import Framed, LooseSheet, picture
from demo.draw.solids import Place, Solid
from demo.draw.vessels import pot

SIZE = (50.0, 70.0)
#: What stands beside a print in use: the vessel's form, its color, where, and a twig or not.
BESIDE = {
    "hills": ("bottle", "chalk", True),
    "contours": ("shoulder", "clay", False),
    "moons": ("bud", "ochre", True),
    "overlap": ("shoulder", "fog", True),
}


def compose(brief: Brief) -> Scene:
    """A print leaning on the wall: framed or loose, with a vase beside it, or seen close."""
    motif, seed = str(brief.params["motif"]), brief.seed % 37
    width = 2000 if brief.view == "detail" else 1000
    image = picture(motif, brief.color_name, width, SIZE[1] / SIZE[0], seed)
    framed = bool(brief.params.get("frame")) and brief.view == "alone"
    place = Place(y=34.4, z=-16, yaw=7, lean=9)
    sheet: Solid = (
        Framed(SIZE, image, place=Place(y=35.9, z=-16, yaw=9, lean=8), seed=seed)
        if framed
        else LooseSheet(SIZE, image, place=place, seed=seed)
    )
    if brief.view == "detail":
        look = {"stems": (1.5, 52.0, -18.0), "moons": (2.0, 36.0, -16.0)}.get(motif, (3.0, 38.0, -16.0))
        return Scene(brief.ground, [sheet], 27, look=look, room=60, seed=brief.seed)
    if brief.view == "use":
        solids = [sheet, *_beside(motif, seed)]
        sheet.place = Place(x=-6, y=34.4, z=-14, yaw=7, lean=9)
        return Scene(brief.ground, solids, 108, look=(2, 32, -10), room=70, seed=brief.seed)
    return Scene(brief.ground, [sheet], 96, look=(0, 34, -14), room=66, seed=brief.seed)


def _beside(motif: str, seed: int) -> list[Solid]:
    form, color, branch = BESIDE.get(motif, ("bottle", "chalk", True))
    scale = 1.9 if form == "bud" else 1.15
    vase = pot({"profile": form}, color, place=Place(x=24, z=4), scale=scale)
    solids: list[Solid] = [vase]
    if branch:
        top = vase.high[1]
        tip = (30.0, top + 26, 2.0)
        solids += twig(foot=(24.0, top * 0.6, 4.0), tip=tip, seed=seed, leaves=9, size=6.0)
    return solids
