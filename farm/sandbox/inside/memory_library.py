"""The library in memory, for children that cannot read it on disk.

An interpreter below a directory that only root may enter (a version manager in root's home) is out of
reach after the uid drop, and where there are no namespaces it cannot be shown at another place. Then the
zygote reads every module while it still may, and children import from that copy. No protection is loosened.
"""

# Paths here are texts in another root, or met before pathlib is worth its import

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import marshal
import mmap
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from . import library

_SKIPPED = (*library.MASKED, "test", "tests", "idlelib", "turtledemo", "ensurepip", "__pycache__")
_UNWANTED = ("_tkinter", "_test", "xx", "_ctypes_test")  # extension modules that pull in or do odd things
_CODE, _SOURCE = True, False
_PYC_HEAD = 16


def readable_by_all(path: str) -> bool:
    """Whether any user may list `path` and enter all its parents."""
    if not os.stat(path).st_mode & stat.S_IROTH:
        return False
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


def carry(packages: Sequence[str]) -> None:
    """Read the library and `packages` into memory and let imports that find nothing on disk come from there."""
    index: dict[str, tuple[int, int, bool, str]] = {}
    extensions: dict[str, str] = {}
    memory = os.memfd_create("library", os.MFD_CLOEXEC)
    offset = 0
    roots = [(path, "") for path in library.library_dirs()] + [(p, os.path.basename(p)) for p in packages]
    for root, package in roots:
        for name, path in _modules(root, package):
            if path.endswith(".py"):
                if name not in index:
                    kind, data = _content(path)
                    os.write(memory, data)
                    index[name] = (offset, len(data), kind, path)
                    offset += len(data)
            elif _load(path):
                extensions.setdefault(name, path)
    # Private: what a child writes into its pages, and it may try, no other child sees
    blob = mmap.mmap(memory, offset, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    os.close(memory)
    sys.meta_path.append(_Finder(blob, index, extensions))


def _modules(root: str, package: str) -> Iterator[tuple[str, str]]:
    """(module name, file) of every module below `root`."""
    for directory, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in _SKIPPED and f.isidentifier()]
        below = os.path.relpath(directory, root)
        parts = ([package] if package else []) + ([] if below == "." else below.split(os.sep))
        for file in files:
            stem, dot, ending = file.partition(".")
            if ending == "py" or ending.endswith("so"):
                names = parts if stem == "__init__" else [*parts, stem]
                if dot and names:
                    yield ".".join(names), os.path.join(directory, file)


def _content(path: str) -> tuple[bool, bytes]:
    """The compiled module if the interpreter has it in its cache, else the source, compiled when imported."""
    try:
        with open(importlib.util.cache_from_source(path), "rb") as file:
            compiled = file.read()
        head, info = compiled[:_PYC_HEAD], os.stat(path)
        fresh = int(info.st_mtime).to_bytes(4, "little") + (info.st_size & 0xFFFFFFFF).to_bytes(4, "little")
        if head == importlib.util.MAGIC_NUMBER + bytes(4) + fresh:
            return _CODE, compiled[_PYC_HEAD:]
    except OSError:
        pass
    with open(path, "rb") as file:
        return _SOURCE, file.read()


def _load(path: str) -> bool:
    """Load an extension module's file now: loading it again by the same name opens no file."""
    if os.path.basename(path).startswith(_UNWANTED):
        return False
    try:
        ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_LOCAL)
    except OSError:
        return False
    return True


class _Finder:
    """The last finder on sys.meta_path."""

    def __init__(
        self, blob: mmap.mmap, index: dict[str, tuple[int, int, bool, str]], extensions: dict[str, str]
    ) -> None:
        self._blob = blob
        self._index = index
        self._extensions = extensions

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name in self._index:
            offset, size, kind, origin = self._index[name]
            loader: Any = _Loader(self._blob, offset, size, kind, origin)
        elif name in self._extensions:
            origin = self._extensions[name]
            loader = importlib.machinery.ExtensionFileLoader(name, origin)
        else:
            return None
        package = origin.endswith("__init__.py")
        spec = importlib.machinery.ModuleSpec(name, loader, origin=origin, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations = [os.path.dirname(origin)]
        return spec


class _Loader:
    """Executes one module from memory."""

    def __init__(self, blob: mmap.mmap, offset: int, size: int, kind: bool, origin: str) -> None:
        self._blob, self._offset, self._size, self._kind, self._origin = blob, offset, size, kind, origin

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        data = self._blob[self._offset : self._offset + self._size]
        code = marshal.loads(data) if self._kind == _CODE else compile(data, self._origin, "exec", dont_inherit=True)  # noqa: S302 - our own copy
        exec(code, module.__dict__)  # noqa: S102 - that is what importing is
