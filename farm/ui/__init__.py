"""Runs in a browser: a small read-only site over the ledger."""
