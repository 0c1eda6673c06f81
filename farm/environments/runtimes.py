"""Runtimes of programs by name: those of FARM_PROGRAM_RUNTIMES, and those that `farm env create` made here."""

from __future__ import annotations

from farm.config import ProgramRuntime, Settings
from farm.environments.known import RUNTIMES
from farm.environments.store import environments
from farm.errors import ConfigError
from farm.text import one_line


def program_runtime(settings: Settings, name: str) -> ProgramRuntime:
    """The runtime of that name on this host, with its interpreter.

    What FARM_PROGRAM_RUNTIMES says of a name comes first. Raises ConfigError for a name that this host does not
    have, with the command that makes it where farm knows how.
    """
    named = next((runtime for runtime in settings.program_runtimes if runtime.name == name), None)
    if named is not None and named.python:
        return named
    if name not in RUNTIMES:
        there = [runtime.name for runtime in settings.program_runtimes if runtime.python]
        raise ConfigError(
            f"no program runtime is called {one_line(name, 40)} here; there are {', '.join([*there, *RUNTIMES])}",
            remedy=f"name it in FARM_PROGRAM_RUNTIMES: {one_line(name, 40)}=PYTHON[:PACKAGE,PACKAGE]",
        )
    python = environments(settings).interpreter(RUNTIMES[name])
    if python is None:
        raise ConfigError(f"the program runtime {name} was not made on this host", remedy=f"farm env create {name}")
    return ProgramRuntime(name=name, python=python, preload=RUNTIMES[name].preload)


def with_interpreters(settings: Settings) -> Settings:
    """The settings with an interpreter for each runtime that they name. Raises ConfigError as `program_runtime`."""
    found = tuple(program_runtime(settings, runtime.name) for runtime in settings.program_runtimes)
    return settings.model_copy(update={"program_runtimes": found})


def as_variable(runtime: ProgramRuntime) -> str:
    """The value of FARM_PROGRAM_RUNTIMES that names this runtime alone."""
    packages = f":{','.join(runtime.preload)}" if runtime.preload else ""
    return f"{runtime.name}={runtime.python}{packages}"
