"""Hosts with their own network on this machine: Linux network namespaces, each with a cable to this one.

All reach an address of this machine that no other program has. Needs root and iproute2; without them tests
skip, and in CI they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Host:
    """One namespace."""

    name: str
    cable: str = ""  # this machine's end of it

    @property
    def prefix(self) -> Sequence[str]:
        """The command that starts a program on this host."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Pull the cable: what either side sends is lost, without an error."""
        _ip("link", "set", self.cable, "down")

    def heal(self) -> None:
        """Put it in again."""
        _ip("link", "set", self.cable, "up")


@dataclass(frozen=True)
class Network:
    """This machine's address for the hosts, and the hosts."""

    address: str
    hosts: tuple[Host, ...]


@contextmanager
def emulated_hosts(count: int) -> Iterator[Network]:
    """So many hosts; everything is taken down again."""
    reason = _obstacle()
    if reason:
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must have them")
        pytest.skip(reason)
    number = os.getpid() % 200 + 10  # several test processes may do this at a time
    address = f"10.201.{number}.254"
    hosts = tuple(Host(f"farm-{number}-{index}", f"fm{number}n{index}") for index in range(count))
    try:
        _ip("addr", "add", f"{address}/32", "dev", "lo")
        for index, host in enumerate(hosts):
            near, far = host.cable, f"fm{number}f{index}"
            base = f"10.201.{number}"
            _ip("netns", "add", host.name)
            _ip("link", "add", near, "type", "veth", "peer", "name", far)
            _ip("link", "set", far, "netns", host.name)
            _ip("addr", "add", f"{base}.{4 * index + 1}/30", "dev", near)
            _ip("link", "set", near, "up")
            _ip("-n", host.name, "addr", "add", f"{base}.{4 * index + 2}/30", "dev", far)
            _ip("-n", host.name, "link", "set", "lo", "up")
            _ip("-n", host.name, "link", "set", far, "up")
            _ip("-n", host.name, "route", "add", "default", "via", f"{base}.{4 * index + 1}")
        yield Network(address, hosts)
    finally:
        for host in hosts:  # a namespace takes its end of the cable with it
            subprocess.run(["ip", "netns", "del", host.name], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "addr", "del", f"{address}/32", "dev", "lo"], stderr=subprocess.DEVNULL, check=False)


def _obstacle() -> str:
    if shutil.which("ip") is None:
        return "network namespaces need iproute2"
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"farm-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return ""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
