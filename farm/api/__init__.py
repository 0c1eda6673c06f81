"""The Python API: what `import farm` offers (docs/api.md). Its names are loaded from here when they are first used."""
