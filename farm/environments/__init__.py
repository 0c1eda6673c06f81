"""Evaluation environments: isolated Pythons with what one family of eval tasks needs, made on demand and pinned."""
