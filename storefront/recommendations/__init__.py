"""What goes well with what: bought together by others, alike by content, seen by this visitor lately.

Leans on orders and catalog. Everything it keeps may be lost: it is computed again. Speaks RecommendationsChanged.
"""
