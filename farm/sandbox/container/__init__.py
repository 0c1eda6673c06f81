"""Programs in containers of an engine (Docker, or what speaks its API): `--sandbox docker`.

Each slot has a warm, hardened container with a zygote in it and a spare one. What runs inside is the same
slot, child and lock-down as on a host (docs/sandbox.md); a relay carries requests in and observations out.
"""
