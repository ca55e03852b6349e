"""What staff say on the pages: banners, promotion tiles, home sections, content pages, menus.

Leans on foundation alone. Speaks HomeChanged, PageChanged, MenuChanged.
"""
