"""The demo shop's pictures, drawn by code. `python -m demo.draw` draws the whole catalog.

`brief` says what a picture is to show, the modules of goods set a `scene`, `scene.render` draws
it from `solids` (some of them turned on the `lathe`) with the `light` and the `palette` that all
pictures share, and `export` writes the files.
"""
