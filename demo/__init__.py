"""The demo shop: its catalog, its pictures and how it is filled."""
