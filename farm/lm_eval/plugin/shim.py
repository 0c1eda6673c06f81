"""`python -m farm.lm_eval.plugin.shim ARGS...`: lm-eval's command line with farm's model registered.

lm-eval 0.4.13 and older do not read the entry point, so something has to import the model first.
`farm lm-eval` starts this in a separate process.
"""

from __future__ import annotations

import sys

import farm.lm_eval.plugin.model  # noqa: F401 - registers the model
from farm.errors import FarmError
from farm.text import one_line


def main(arguments: list[str]) -> int:
    """lm-eval's exit code; farm's own errors are one line, as everywhere."""
    from lm_eval.__main__ import cli_evaluate

    sys.argv = ["lm-eval", *arguments]
    try:
        cli_evaluate()
    except FarmError as exc:
        print(f"farm: {one_line(str(exc), 2000)}", file=sys.stderr)  # noqa: T201 - the command line's own last word
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
