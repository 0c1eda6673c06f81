"""Protocols: how a problem is asked, an answer read and a program judged, as versioned data."""

from farm.protocols.builtin import BUILTIN, choose, get, names
from farm.protocols.protocol import Protocol, extract_program, render, render_text

__all__ = ["BUILTIN", "Protocol", "choose", "extract_program", "get", "names", "render", "render_text"]
