"""One port, one gateway per provider; `registry.py` says which this shop offers."""
