"""The root of null devices: what is in it, and that one which root did not make is never entered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.data import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its root")
TREE = "farm-bare-root"
# Enters as root, then looks around as a user without rights
ENTER = """
import os, sys
from farm.sandbox.inside import bare_root
bare_root._PLACES = (sys.argv[1],)
bare_root.enter()
os.setgroups([])
os.setresuid(60000, 60000, 60000)
def answer(action):
    try:
        return action()
    except OSError as exc:
        return os.strerror(exc.errno)
print(os.getcwd(), answer(lambda: os.listdir("/")), answer(lambda: os.listdir("/box")))
print(answer(lambda: os.mkdir("/box/x")), answer(lambda: os.open("/x", os.O_CREAT | os.O_WRONLY)))
print([answer(lambda: len(os.read(os.open(f"/dev/{n}", os.O_RDONLY), 4))) for n in ("null", "zero", "urandom")])
print([answer(lambda: os.write(os.open(f"/dev/{n}", os.O_WRONLY), b"x")) for n in ("null", "zero", "urandom")])
"""


def enter(place: Path) -> tuple[str, str]:
    """(what the process saw, why it was refused)"""
    done = subprocess.run(
        [sys.executable, "-c", ENTER, str(place)],
        env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr.strip().rpartition("\n")[2]


def test_it_holds_devices_and_an_empty_folder(tmp_path: Path) -> None:
    for _ in ("made", "found again"):
        seen, refused = enter(tmp_path)
        assert refused == ""
        assert seen.splitlines() == [
            "/ Permission denied []",
            "Permission denied Permission denied",
            "[0, 4, 4]",
            "[1, 'Permission denied', 'Permission denied']",
        ]
    assert [path.name for path in tmp_path.iterdir()] == [TREE]


def planted_link(tree: Path) -> None:
    (tree.parent / "elsewhere").mkdir()
    tree.symlink_to(tree.parent / "elsewhere")


def another_owner(tree: Path) -> None:
    enter(tree.parent)
    os.chown(tree / "dev", 60000, 60000)


def one_file_more(tree: Path) -> None:
    enter(tree.parent)
    (tree / "box" / "secret").touch()


def writable(tree: Path) -> None:
    enter(tree.parent)
    (tree / "box").chmod(0o777)


def another_device(tree: Path) -> None:
    enter(tree.parent)
    (tree / "dev" / "zero").unlink()
    os.mknod(tree / "dev" / "zero", 0o20444, os.makedev(1, 7))  # the device that is always full


@pytest.mark.parametrize("plant", [planted_link, another_owner, one_file_more, writable, another_device])
def test_what_root_did_not_make_is_not_entered(plant: object, tmp_path: Path) -> None:
    assert callable(plant)
    plant(tmp_path / TREE)
    seen, refused = enter(tmp_path)
    assert seen == ""
    assert refused.startswith("OSError: no Landlock, and no bare root can be made")
    assert "not as root made it" in refused
