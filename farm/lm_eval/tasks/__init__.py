"""Tasks for lm-evaluation-harness, as data: `--include_path "$(farm lm-eval path)"` finds them."""
