"""Suites: several runs of one model that are planned, driven and reported together."""
