"""The scripted model server of the tests also runs in an image that has few packages."""

from __future__ import annotations

import subprocess
import sys

from farm.inference.readiness import PROBE_TOKENS
from tests.support.containers.server_image import MODULES, PACKAGES
from tests.support.data import ROOT
from tests.support.model_server import server

LOADED = """
import sys
import tests.support.containers.tt_image
for name, module in sys.modules.items():
    if "." not in name and "site-packages" in (getattr(module, "__file__", None) or ""):
        print(name)
"""


def test_it_starts_with_the_packages_of_its_image_alone() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name != "_distutils_hack" and not name.startswith("__editable__")}
    assert loaded <= {*PACKAGES, *MODULES}
    assert "pydantic" in loaded


def test_it_tells_probes_by_farms_own_number_of_tokens() -> None:
    assert server.PROBE_TOKENS == PROBE_TOKENS
