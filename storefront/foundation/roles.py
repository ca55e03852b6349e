"""Which groups of routes a process serves: the registry behind STOREFRONT_ROLES."""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, Flask

# role: the blueprints it brings
ROLES: dict[str, tuple[str, ...]] = {
    "shop": ("browse", "media", "search"),
    "cart": ("cart",),
    "checkout": ("checkout", "orders"),
    "accounts": ("accounts",),
    "admin": ("admin",),
    "webhooks": ("payments", "tracking"),
}


def register_roles(app: Flask, blueprints: Collection[Blueprint], roles: Collection[str]) -> None:
    """Register each blueprint that one of the roles brings, health always; an undeclared one is a defect."""
    role_of = {name: role for role, names in ROLES.items() for name in names}
    for blueprint in blueprints:
        if blueprint.name == "health" or role_of[blueprint.name] in roles:
            app.register_blueprint(blueprint)
