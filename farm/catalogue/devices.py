"""The device names of tt-inference-server: lower case on command lines, upper case in its JSON."""

from __future__ import annotations

import re

DEVICES = (
    "cpu", "gpu", "e150", "n150", "n150x4", "n300", "t3k", "p100", "p150", "p150x4", "p150x8", "p300", "p300x2",
    "blackhole_galaxy", "galaxy", "galaxy_t3k", "dual_galaxy", "quad_galaxy", "super_cluster",
)  # fmt: skip

# The words of product names, in any order. The Wormhole LoudBox and QuietBox are the same device to the server; a
# name without its generation is Wormhole's, which came first, and QuietBox 2 is Blackhole's alone.
_PRODUCTS = {
    "t3k": ("t3000", "wormhole loudbox", "wormhole quietbox", "wormhole loudbox quietbox", "loudbox", "quietbox"),
    "p150x8": ("blackhole loudbox", "blackhole 8xp150"),
    "p150x4": ("blackhole quietbox", "blackhole 4xp150"),
    "p300x2": ("blackhole quietbox 2", "quietbox 2", "qb2", "blackhole qb2", "blackhole 2xp300"),
    "galaxy": ("wormhole galaxy",),
    "blackhole_galaxy": ("blackhole galaxy",),
    "dual_galaxy": ("dual wormhole galaxy",),
    "quad_galaxy": ("quad wormhole galaxy",),
}
_BY_WORDS = {frozenset(name.split()): device for device, names in _PRODUCTS.items() for name in names}
_GENERATIONS = {"wh": "wormhole", "bh": "blackhole"}
_NOISE = {"tt", "tenstorrent"}


def device_name(text: str) -> str:
    """The lower-case name of a device given in any case, with `-` or spaces for `_`, or by its product name.

    `BH QuietBox 2`, `TT-QuietBox 2` and `Blackhole P150` are such names; the letter of a board's revision (`p150b`)
    does not count. A name that is not known is returned in lower case: a newer catalogue may have it.
    """
    words = re.sub(r"[\s_/\-()]+", " ", text).strip().lower().replace("quietbox2", "quietbox 2").split()
    name = "_".join(words)
    if name in DEVICES:
        return name
    parts = frozenset(_GENERATIONS.get(word, word) for word in words) - _NOISE
    product = _BY_WORDS.get(parts)
    if product is not None:
        return product
    boards = parts - {"wormhole", "blackhole", "grayskull"}
    if len(boards) == 1:
        (board,) = boards
        found = re.fullmatch(r"([enp]\d{3})[a-z]?", board)
        if found is not None and found.group(1) in DEVICES:
            return found.group(1)
    return name
