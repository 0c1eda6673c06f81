"""The version of farm, in a separate module, so that no package imports the public API for it."""

__version__ = "0.1.0"
