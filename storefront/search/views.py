"""Suggestions while somebody types: a public fragment at an address of its own."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("search", __name__)
