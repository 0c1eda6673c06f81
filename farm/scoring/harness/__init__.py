"""Scores of runs that lm-eval scores: of a task, of a group of tasks, of a suite."""
