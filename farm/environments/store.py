"""Making, finding and removing environments: `$FARM_HOME/environments/NAME-<digest of its lock>`.

Each is a separate virtualenv with the packages of the lock file, checked by hash. It has a symlink to this farm's
package, not to its folder, so the packages that farm was installed with are not visible there. It is made under another
name and renamed when it works, so it is either complete or absent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import farm
from farm.config import Settings, child_environment
from farm.environments.known import DEFAULT, KNOWN, RUNTIMES, Environment
from farm.environments.process import NLTK_DATA
from farm.errors import ConfigError
from farm.text import one_line


def environments(settings: Settings) -> Environments:
    """The evaluation environments of this machine."""
    return Environments(settings.home / "environments")


class Environments:
    """The environments below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, environment: Environment) -> Path:
        """Where the environment is, or would be."""
        return self._folder / f"{environment.name}-{environment.digest[:16]}"

    def interpreter(self, environment: Environment) -> str | None:
        """Its Python; None if it was not made. For EVALS also farm's own environment, if lm-eval is installed there."""
        python = self.place(environment) / "bin" / "python"
        if python.exists():
            return str(python)
        return sys.executable if environment.name == DEFAULT and find_spec("lm_eval") is not None else None

    def available(self) -> dict[str, str]:
        """Name -> Python of the environments that this host has."""
        found = {name: self.interpreter(environment) for name, environment in KNOWN.items()}
        return {name: python for name, python in found.items() if python is not None}

    def outdated(self) -> list[Path]:
        """Folders of earlier locks, which nothing uses any more."""
        current = {self.place(environment) for environment in (*KNOWN.values(), *RUNTIMES.values())}
        found = [path for pattern in ("EVALS*-*", "numpy-*") for path in self._folder.glob(pattern)]
        return sorted(path for path in found if path not in current and path.is_dir())

    def ensure(self, environment: Environment, say: Callable[[str], None]) -> str:
        """Its Python, made now if it is not there. ConfigError if that fails."""
        python = self.interpreter(environment)
        if python is not None:
            return python
        say(f"making the environment {environment.name} ({environment.holds}); this takes minutes, once")
        return self.create(environment)

    def create(self, environment: Environment) -> str:
        """Create it, replacing an existing one; returns its Python. Raises ConfigError with pip's last words."""
        place = self.place(environment)
        with self._made(place) as made:
            venv.create(made, with_pip=True, symlinks=True)
            python = made / "bin" / "python"
            _run([
                str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes",
                "--no-deps", "-r", str(environment.lock),
            ], environment.name)  # fmt: skip
            if not environment.preload:  # farm's own code runs there, and never in a runtime of programs
                (made / NLTK_DATA).mkdir()  # NLTK fetches into folders that are there
                [packages] = made.glob("lib/python3*/site-packages")
                _link_farm(packages)
        return str(place / "bin" / "python")

    def remove(self, environment: Environment) -> bool:
        """Remove it; False if it was not there."""
        place = self.place(environment)
        if not place.exists():
            return False
        shutil.rmtree(place)
        return True

    @contextmanager
    def _made(self, place: Path) -> Iterator[Path]:
        """A folder that becomes `place` when the block ends well; virtualenvs may be moved as a whole."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = Path(mkdtemp(prefix=".making-", dir=self._folder))
        except OSError as exc:
            raise ConfigError(f"cannot make an environment in {self._folder}: {exc.strerror}") from exc
        try:
            yield draft
            with suppress(FileNotFoundError):
                shutil.rmtree(place)
            draft.replace(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _link_farm(packages: Path) -> None:
    """This farm without the packages installed with it: a link to the package, not a path to its folder."""
    (packages / "farm").symlink_to(Path(farm.__file__).resolve().parent, target_is_directory=True)


def _run(command: list[str], name: str) -> None:
    # No secret: what a package's installation runs has no business with them
    done = subprocess.run(
        command, env=child_environment(keep_secrets=False), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "pip said nothing")
        raise ConfigError(
            f"environment {name} cannot be installed: {one_line(last, 300)}",
            remedy="check that packages can be fetched (PIP_INDEX_URL), then: farm env create " + name,
        )


def size_of(folder: Path) -> int:
    """Bytes below a folder."""
    return sum(os.lstat(Path(root) / name).st_size for root, _, names in os.walk(folder) for name in names)
