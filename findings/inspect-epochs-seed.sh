#!/usr/bin/env bash
# Inspect asks for each epoch of a sample with the same seed
#
# Package:  inspect_ai 0.3.285
# Guess:    `eval(task, seed=7, epochs=3, temperature=0.8)` draws three answers for each sample. As a sampler with a seed
#           and several draws does, it derives a different seed for each epoch from 7.
# Found:    every request of every epoch and sample carries seed 7. Nothing says so.
# Matters:  a server that keeps to seeds (vLLM does) gives the same answer in each epoch. Then `pass_at_k` over the epochs
#           is pass@1, the standard error over them is 0, and the cost of the further epochs bought nothing.
# Do:       leave the seed out when there are epochs, or run one evaluation for each seed. Check whether
#           the answers of a sample differ before believing a pass@k.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
timeout 900 "$python" -m pip install --quiet --no-compile --disable-pip-version-check inspect_ai==0.3.285 \
  >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

cat >"$work/probe.py" <<'PY'
import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.solver import generate

seeds = []


def answer(messages, tools, tool_choice, config):
    seeds.append(config.seed)
    return ModelOutput.from_content("mockllm/model", "an answer")


eval(
    Task(dataset=[Sample(input="first"), Sample(input="second")], solver=generate(), epochs=3),
    model=get_model("mockllm/model", custom_outputs=answer),
    seed=7, temperature=0.8, log_dir=sys.argv[1], display="none",
)
print("seeds of 2 samples x 3 epochs:", *seeds)
PY
seen=$(timeout 120 "$python" "$work/probe.py" "$work/logs" 2>/dev/null)
wanted="seeds of 2 samples x 3 epochs: 7 7 7 7 7 7"
if [ "$seen" = "$wanted" ]; then
  echo "as found: $seen"
else
  echo "changed: Inspect no longer asks with one seed for all epochs. Seen now: $seen"
  exit 1
fi
