"""The device names of tt-inference-server: lower case on command lines, upper case in its JSON."""

from __future__ import annotations

DEVICES = (
    "cpu", "gpu", "e150", "n150", "n150x4", "n300", "t3k", "p100", "p150", "p150x4", "p150x8", "p300", "p300x2",
    "blackhole_galaxy", "galaxy", "galaxy_t3k", "dual_galaxy", "quad_galaxy", "super_cluster",
)  # fmt: skip

# Product names. The Wormhole LoudBox and QuietBox are the same device to the server.
ALIASES = {
    "wormhole_loudbox": "t3k",
    "wormhole_quietbox": "t3k",
    "wormhole_galaxy": "galaxy",
    "blackhole_loudbox": "p150x8",
    "blackhole_quietbox_2": "p300x2",
}


def device_name(text: str) -> str:
    """The lower-case name of a device given in any case, with `-` or spaces for `_`, or by its product name.

    A name that is not known is returned in lower case: a catalogue newer than this list may have it.
    """
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    return ALIASES.get(name, name)
