"""Evaluation environments: isolated Pythons with the pinned packages of a family of eval tasks, made on demand."""
