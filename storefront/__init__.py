"""The shop: one package per bounded context.

Imports run downwards only, in the order that `pyproject.toml` states and
`make check` proves. `app.py` composes the contexts; nothing here composes itself.
"""
