"""What is run inside an environment: farm's doctor and the two suites, with their answers as files in a folder.

    python -m tests.environments.suite FOLDER [no-landlock]

`no-landlock`: on a kernel that seems to have no Landlock, as older ones and some vendors' have not. pytest takes this
process's place, so that in a container it is process 1, as a worker would be.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from farm.sandbox.inside import kernel
from tests.unit.sandbox.host import become

SUITES = ("tests/hostile", "tests/corpus/test_honest.py")
DOCTOR, RESULTS = "doctor.txt", "results.xml"


def main(folder: Path, kinds: list[str]) -> None:
    if "no-landlock" in kinds:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)  # or a container's root may not have the filter
        become(["no-landlock"])
    with (folder / DOCTOR).open("wb") as said:
        subprocess.run([sys.executable, "-m", "farm", "doctor"], stdout=said, stderr=said, check=False)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={folder / RESULTS}"]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *options, *SUITES])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
