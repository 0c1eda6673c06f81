"""farm: a distributed evaluation farm for code-generation benchmarks.

Importing this package loads nothing but the standard library: the command line, a worker and a
notebook all start here, and each pays only for what it uses.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
