"""What nginx says itself, without asking the shop: a page for people, a sentence for htmx.

htmx would swap a whole page into a corner of another, and a stranger's host has no stylesheet: the pages stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import render_template

from storefront.foundation.shop import facts


@dataclass(frozen=True)
class Refusal:
    """A page and a sentence, both named by `status`."""

    status: int
    title: str
    words: str
    also: tuple[int, ...] = ()  # nginx's other statuses that say the same
    answered: str = ""  # the status that those get instead of their own, as error_page writes it


AWAY = Refusal(503, "Back in a moment", "The shop is catching its breath. Please try again in a moment.",
               (500, 502, 504), "=503")
REFUSALS = (
    AWAY,
    Refusal(400, "That did not arrive whole", "We could not make out what was asked. Please go back and try again.",
            (494, 497), "=400"),
    Refusal(404, "There is nothing here", "The thing may be gone, or the address has a slip in it.", (403,), "=404"),
    Refusal(405, "That does not work here", "This address takes no such request. Please go back and try again."),
    Refusal(413, "That is too much at once", "That is more than we can take at once. Please send less."),
    Refusal(414, "That address is too long", "The address is longer than we can read. Please ask for less at once."),
    Refusal(421, "This is another house", "The shop does not live at this name. Its own address is below."),
    Refusal(429, "A little slower, please", "That was a little fast. Wait a moment, then try again."),
)


def write_refusals(folder: Path) -> None:
    """Write each page (`404.html`) and each sentence (`404.txt`) into the folder; needs a request's context."""
    folder.mkdir(exist_ok=True)
    for refusal in REFUSALS:
        words = {"title": refusal.title, "words": refusal.words, "home": f"{facts().site_url}/"}
        page = (render_template("errors/503.html") if refusal is AWAY
                else render_template("errors/alone.html", **words))
        (folder / f"{refusal.status}.html").write_text(page, encoding="utf-8")
        (folder / f"{refusal.status}.txt").write_text(refusal.words, encoding="utf-8")
