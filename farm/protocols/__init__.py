"""Protocols: how a problem is asked, an answer read and a program judged, as versioned data."""

from farm.protocols.named import choose, for_tests, get, names
from farm.protocols.programs import answer_of, extract_program, program_of
from farm.protocols.rendering import render
from farm.records import Protocol

__all__ = ["Protocol", "answer_of", "choose", "extract_program", "for_tests", "get", "names", "program_of", "render"]
