"""lm-evaluation-harness in both directions: farm as its model, and its tasks on the farm.

The top of the package: what lm-eval loads is here, and nothing below imports it. `farm lm-eval` and
`farm submit --task` start it in a separate process, so lm-eval (2 s and 170 MB at its import) is in no
other command and in no worker but the one that scores its tasks.
"""
