"""The sources of the bundled sample set: statements, starter code and tests, by difficulty.

`scripts/build_sample_set.py` turns them into `farm/benchmarks/sample/problems.jsonl`. Solutions are files
of their own, in `farm/benchmarks/sample/solutions/`.
"""
