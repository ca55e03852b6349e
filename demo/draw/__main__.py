"""`python -m demo.draw [--only SLUG ...] [--jobs 2]`: draw the catalog's pictures."""

from __future__ import annotations

import os
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click

from demo.draw.brief import Brief
from demo.draw.catalog import ROOT, briefs, draw, groups
from demo.draw.export import Entry, read_index, write_index


@click.command()
@click.option("--only", multiple=True, metavar="SLUG", help="Draw this product; may be repeated.")
@click.option("--view", default="", help="Draw only pictures whose file name starts so.")
@click.option("--missing", is_flag=True, help="Draw only what is not in the index yet.")
@click.option("--jobs", default=2, show_default=True, help="Pictures drawn at the same time.")
@click.option("--width", default=1200, show_default=True, help="Full width of a picture, pixels.")
@click.option("--preview", type=click.Path(path_type=Path), help="Write only PNGs, into this folder.")
def main(
    *, only: tuple[str, ...], view: str, missing: bool, jobs: int, width: int, preview: Path | None
) -> None:
    """Draw the pictures of the demo catalog into demo/images."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # the processes share the cores; threads below them only wait
    folder = preview or ROOT / "images"
    index = read_index(folder)
    wanted = [
        brief
        for brief in briefs(only)
        if brief.file.startswith(view)
        and not (missing and f"{brief.slug}/{brief.file}" in index)
    ]
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        tasks = {
            pool.submit(draw, group, folder, width, bool(preview)): group
            for group in groups(wanted)
        }
        failed = _collect(tasks, index, None if preview else folder)
    if not preview:
        index = read_index(folder)
        total = sum(entry["bytes"] for entry in index.values())
        click.echo(f"{len(index)} pictures, {total / 1e6:.2f} MB")
    if failed:
        raise click.ClickException("not drawn:\n" + "\n".join(failed))


def _collect(
    tasks: dict[Future[dict[str, Entry]], list[Brief]],
    index: dict[str, Entry],
    folder: Path | None,
) -> list[str]:
    """Show progress, keep the index on disk up to date, return what failed and why."""
    failed = []
    with click.progressbar(as_completed(tasks), length=len(tasks), label="Drawing") as done:
        for task in done:
            problem = task.exception()
            if problem is not None:  # one failed picture must not stop the others
                first = tasks[task][0]
                failed.append(f"{first.slug}/{first.file}: {problem!r}")
                continue
            index.update(task.result())
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                index = {**index, **read_index(folder), **task.result()}  # another run may be drawing too
                write_index(folder, index)
    return failed


if __name__ == "__main__":
    main()
