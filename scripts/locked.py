"""The part of constraints.txt that farm needs with the named extras, for `pip install --require-hashes -r`.

    python scripts/locked.py [EXTRA...]       # a whole installation, and what builds it
    python scripts/locked.py --only GROUP     # a dependency group of pyproject.toml alone: one image's packages

pip checks hashes only when every requirement is pinned in the file itself, so a set of extras needs its
own list. It follows from the `# via` notes that the resolver leaves at each pin.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
BUILD = ("setuptools", "wheel")  # installed first, so that farm itself is built without isolation


def main(words: list[str]) -> int:
    """Print the pins of what the words name, and all that it requires."""
    pins, parents = read_pins((ROOT / "constraints.txt").read_text())
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if words[:1] == ["--only"]:
        wanted = grouped(declared["dependency-groups"], words[1])
    else:
        wanted = direct(declared["project"], words) | set(BUILD)
    unknown = wanted - pins.keys()
    if unknown:
        print(
            f"constraints.txt lacks {', '.join(sorted(unknown))}; renew it (its first lines say how)", file=sys.stderr
        )
        return 2
    while more := {name for name in pins if name not in wanted and parents[name] & wanted}:
        wanted |= more
    print("\n".join(pins[name] for name in sorted(wanted)))
    return 0


def direct(project: dict[str, object], extras: list[str]) -> set[str]:
    """Names that the project and its extras ask for; an extra of the project inside another one is followed."""
    optional = project["optional-dependencies"]
    assert isinstance(optional, dict) and isinstance(project["dependencies"], list)
    requirements, own = list(project["dependencies"]), f"{project['name']}["
    pending = list(extras)
    while pending:
        for requirement in optional[pending.pop()]:
            if requirement.startswith(own):
                pending += re.findall(r"[a-z-]+", requirement.removeprefix(own))
            else:
                requirements.append(requirement)
    return {normal(requirement) for requirement in requirements}


def grouped(groups: dict[str, list[str | dict[str, str]]], name: str) -> set[str]:
    """Names that a dependency group asks for, with the groups that it includes."""
    found: set[str] = set()
    for item in groups[name]:
        found |= {normal(item)} if isinstance(item, str) else grouped(groups, item["include-group"])
    return found


def read_pins(text: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Each package's pin with its hashes, and the packages on whose behalf it is there."""
    pins: dict[str, str] = {}
    parents: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if NAME.match(line):
            name = normal(line)
            # a package may be pinned twice, for different Pythons: the markers choose
            pins[name] = f"{pins[name]}\n{line}" if name in pins else line
            parents.setdefault(name, set())
        elif line.lstrip().startswith("--hash"):
            pins[name] += f"\n{line}"
        elif name and (note := re.match(r"\s+#\s+(?:via\s+)?([A-Za-z0-9][A-Za-z0-9._-]*)", line)) and note[1] != "via":
            parents[name].add(normal(note[1]))
    return pins, parents


def normal(requirement: str) -> str:
    """The package's name as the index normalises it."""
    found = NAME.match(requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
