"""Which options of `farm submit` a task of lm-eval brings by itself, and which only such a task has."""

from __future__ import annotations

from typing import Any

from farm.errors import ConfigError

# What such a task brings by itself, or has no place for
NEEDS_NO = {
    "protocol_name": "--protocol",
    "task": "--eval-task",
    "dataset": "--dataset",
    "judge": "--judge",
    "release": "--release",
    "ids": "--ids",
    "temperature": "--temperature",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "ks": "--k",
    "platforms": "--platform",
    "difficulties": "--difficulty",
    "date_from": "--from",
    "date_to": "--to",
    "exclude_errata": "--exclude-errata",
    "all_tests": "--all-tests",
    "cpu_limit": "--cpu-limit",
    "memory_limit": "--memory-limit",
    "program_runtime": "--program-runtime",
}
# What no other run has a place for
TASK_ALONE = {
    "environment": "--env",
    "include_path": "--include-path",
    "num_fewshot": "--num-fewshot",
    "gen_kwargs": "--gen-kwargs",
    "plain_prompts": "--plain-prompts",
}


def refuse_options(options: dict[str, Any], flags: dict[str, str], why: str) -> None:
    """ConfigError for options that would be ignored."""
    given = [flag for name, flag in flags.items() if options.get(name) not in (None, False, (), "")]
    if given:
        raise ConfigError(f"{', '.join(given)}: {why}")
