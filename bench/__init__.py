"""Benchmarks: the shop beside raw SQL, in one run, on the machine at hand. `make bench`; see docs/benchmarks.md."""
