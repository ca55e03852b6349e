"""Finding: what words mean, which filters a list offers and how many each would leave.

Leans on catalog and inventory; everything it keeps can be rebuilt from them (`flask search rebuild`). Speaks no events.
"""
