"""Runs in the file formats of other tools, written without any of them (Parquet apart)."""
