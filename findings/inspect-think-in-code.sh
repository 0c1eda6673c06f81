#!/usr/bin/env bash
# Inspect cuts text between "think" tags out of the middle of a program
#
# Package:  inspect-ai 0.3.285 (with openai 3.57.0), provider `openai-api`
# Guess:    an answer's reasoning is taken off where a model puts it: in a `<think>` block before the answer. The rest
#           of the message arrives as the server sent it.
# Found:    the first `<think...>` and the next `</think>` are looked for anywhere in the message, inside string
#           literals and fences, too. All between them moves to a reasoning block, and the rest is stripped at both
#           ends: a first line loses its indentation. Any tag that begins with "think" counts, `<thinking_time>` too.
# Matters:  programs that handle such tags (a parser, a chat client, a task about XML) are changed before the scorer
#           sees them, and fail without a warning; the log shows the changed program as the model's answer. Answers
#           that continue a begun function (HumanEval as a completion) lose the indentation of their first line.
# Do:       look for a ContentReasoning block in the answers of a model that does not reason. Let the server separate
#           the reasoning (its `reasoning_content` field), and take off a block only at the very start of an answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check \
  inspect-ai==0.3.285 openai==3.57.0 >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

cat >"$work/probe.py" <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "tags in a program": (
        "def untag(s):\n    a, b = '<think>', '</think>'\n    return s.replace(a, '').replace(b, '')\n"
    ),
    "a tag with a longer name": "print('<thinking_time>5</thinking_time></think>')\n",
    "reasoning, then a begun line": "<think>Add them.</think>    return a + b\n",
}


class Server(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": ANSWERS[request["messages"][-1]["content"]]}
        answer = {
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }  # fmt: skip
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(PROBE_API_KEY="none", PROBE_BASE_URL=f"http://127.0.0.1:{server.server_port}/v1")

from inspect_ai import Task, eval  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.solver import generate  # noqa: E402

task = Task(dataset=[Sample(input=kind, id=kind) for kind in ANSWERS], solver=generate())
[log] = eval(task, model="openai-api/probe/m", display="none", log_dir=sys.argv[1])
for sample in log.samples or []:
    print(f"{sample.id}: {sample.output.completion!r}")
PY
seen=$(cd "$work" && timeout 100 "$python" "$work/probe.py" "$work/logs" 2>"$work/err" | LC_ALL=C sort) ||
  { cat "$work/err"; exit 2; }
wanted=$(cat <<'TEXT'
a tag with a longer name: "print('')"
reasoning, then a begun line: 'return a + b'
tags in a program: "def untag(s):\n    a, b = ''\n    return s.replace(a, '').replace(b, '')"
TEXT
)
if [ "$seen" = "$wanted" ]; then
  echo "as found: the completions that Inspect hands to a scorer"
  echo "$seen"
else
  echo "changed: inspect-ai no longer rewrites these answers as found. Seen now:"
  echo "$seen"
  exit 1
fi
