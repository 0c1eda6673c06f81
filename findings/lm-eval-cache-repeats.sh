#!/usr/bin/env bash
# lm-evaluation-harness's answer cache turns the repeats of a sampled task into copies of one answer
#
# Package:  lm-eval 0.4.13 (with datasets 5.2.0), model `local-chat-completions`, `--use_cache`
# Guess:    a task with `repeats: 4` and a temperature gets its four answers back from the cache when a run is repeated
#           or goes on after an interruption, or is not cached at all: the code warns that sampled requests are not.
# Found:    sampling is recognised by `do_sample: true` alone, which API models do not need and take out of the request.
#           With a temperature and no `do_sample` the first run stores four different answers under one key, so the
#           second run gets the last of them four times, without a request and without a warning.
# Matters:  pass@k of the second run is pass@1, and pass@1 is that of one answer a problem: an evaluation that was
#           interrupted and continued scores differently from one that ran through, on the same answers.
# Do:       write `do_sample: true` beside the temperature in tasks with repeats (then nothing is cached), or run
#           without `--use_cache`. A cache of answers needs the repeat's index in its key.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
# Without the packages that only other tasks' metrics need: they are most of the download.
timeout 60 "$python" -m pip install --quiet --no-compile --disable-pip-version-check --no-deps lm-eval==0.4.13 \
  >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check datasets==5.2.0 aiohttp==3.14.5 \
  tenacity==9.2.1 requests==2.34.2 sacrebleu==2.6.0 jinja2==3.1.6 sqlitedict==2.1.0 more-itertools==11.2.1 \
  >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

mkdir "$work/task"
printf '{"question": "Write f."}\n{"question": "Write g."}\n' >"$work/task/questions.jsonl"
cat >"$work/task/distinct.py" <<'PY'
def distinct(doc, results):
    return {"distinct": len(set(results[0]))}
PY
cat >"$work/task/probe.yaml" <<YAML
task: probe
dataset_path: json
dataset_kwargs: {data_files: {test: "$work/task/questions.jsonl"}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: ""
repeats: 4
generation_kwargs: {temperature: 0.8, max_gen_toks: 16, until: []}
filter_list: [{name: all, filter: [{function: take_first_k, k: 4}]}]
process_results: !function distinct.distinct
metric_list: [{metric: distinct, aggregation: mean, higher_is_better: true}]
YAML
cat >"$work/probe.py" <<'PY'
import itertools
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

requests = itertools.count(1)
served = 0


class Server(BaseHTTPRequestHandler):
    """Answers each request differently, as a sampling server does."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        global served
        self.rfile.read(int(self.headers["content-length"]))
        served = next(requests)
        message = {"role": "assistant", "content": f"answer {served}"}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

import lm_eval  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

folder = sys.argv[1]
url = f"http://127.0.0.1:{server.server_port}/v1/chat/completions"
for run in ("first run", "second run"):
    before = served
    results = lm_eval.simple_evaluate(
        model="local-chat-completions",
        model_args=f"model=m,base_url={url},tokenizer_backend=None",
        tasks=["probe"],
        task_manager=TaskManager(include_path=f"{folder}/task", include_defaults=False),
        apply_chat_template=True,
        use_cache=f"{folder}/cache",
        bootstrap_iters=0,
    )
    distinct = results["results"]["probe"]["distinct,all"]
    print(f"{run}: {served - before} requests, {distinct:g} distinct answers of 4 to a problem")
PY
export HF_HOME="$work/hub" HF_HUB_OFFLINE=1
seen=$(cd "$work" && timeout 100 "$python" "$work/probe.py" "$work" 2>"$work/err") ||
  { cat "$work/err"; exit 2; }
wanted="first run: 8 requests, 4 distinct answers of 4 to a problem
second run: 0 requests, 1 distinct answers of 4 to a problem"
if [ "$seen" = "$wanted" ]; then
  echo "as found: two runs with one cache"
  echo "$seen"
else
  echo "changed: lm-eval's cache treats sampled repeats now so:"
  echo "$seen"
  exit 1
fi
