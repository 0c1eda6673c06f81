"""YAML that still knows the line of each value, so that an error can name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from farm.errors import CatalogueError
from farm.text import one_line


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # untyped: its names are Any here
    """Safe YAML whose dates stay texts, as everywhere in farm."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class's own attribute
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class YamlFile:
    """A file's value and the nodes that it was built from."""

    path: Path
    value: Any
    _node: Any

    def line(self, place: Sequence[str | int]) -> int:
        """The line of what stands at `place` (keys and indices); of the nearest part of it that is there."""
        node, line = self._node, self._node.start_mark.line
        for part in place:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == part), None)
                if pair is None:
                    break
                node, line = pair[1], pair[0].start_mark.line
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line
            else:
                break
        return int(line) + 1

    def error(self, place: Sequence[str | int], what: str, *, remedy: str = "") -> CatalogueError:
        """The error about `place`: `FILE:LINE: place: what`."""
        where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in place)
        text = f"{where}: {what}" if where else what
        return CatalogueError(f"{self.path}:{self.line(place)}: {text}", remedy=remedy)


def read_yaml(path: Path) -> YamlFile:
    """The one document of a file. CatalogueError with file and line: no YAML, a key twice, nothing in it."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise CatalogueError(f"{path}: cannot be read: {exc.strerror}") from exc
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data[: exc.start].count(b"\n") + 1
        raise CatalogueError(f"{path}:{line}: not UTF-8", remedy="save it as UTF-8") from exc
    try:
        node = yaml.compose(text, _Loader)
        if node is None:
            raise CatalogueError(f"{path}:1: nothing is in it")
        _refuse_twice(path, node, set())
        loader = _Loader("")
        return YamlFile(path, loader.construct_document(node), node)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = 1 if mark is None else mark.line + 1
        raise CatalogueError(f"{path}:{line}: not YAML: {one_line(str(exc.problem or exc.context), 200)}") from exc
    except yaml.reader.ReaderError as exc:
        line = text[: exc.position].count("\n") + 1
        raise CatalogueError(f"{path}:{line}: not YAML: a character that may not be in it") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise CatalogueError(f"{path}:1: not YAML that farm can read: {one_line(str(exc), 200)}") from exc


def _refuse_twice(path: Path, node: Any, seen: set[int]) -> None:
    """CatalogueError for a key that stands twice in a mapping: YAML would take the last one silently."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[Any] = set()
        for key, value in node.value:
            if isinstance(key.value, str) and key.value in keys:
                line = key.start_mark.line + 1
                raise CatalogueError(f"{path}:{line}: {one_line(key.value, 60)}: it stands there twice")
            keys.add(key.value if isinstance(key.value, str) else id(key))
            _refuse_twice(path, value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_twice(path, value, seen)
