#!/usr/bin/env bash
# LiteLLM reports an answer that the server broke off as complete: finish_reason "stop"
#
# Package:  litellm 1.110.2 (with openai 3.57.0), `litellm.completion`, provider `hosted_vllm`
# Guess:    a server's finish_reason reaches the caller as it was sent, or a strange one raises an error.
# Found:    without streaming, "abort" (vLLM's word for a request that it gave up), "error" and null all become "stop".
#           In a stream "error" becomes "stop", too, while "abort" and null raise an error. The openai client passes
#           all three on.
# Matters:  harnesses that call models through LiteLLM count cut programs as the model's own: they fail by a syntax
#           error, no report of cut answers shows them, and nothing asks again. Runs with and without streaming
#           score differently on a server under stress.
# Do:       read `provider_specific_fields["native_finish_reason"]` of the choice (absent for null), or use the openai
#           client. In a client of your own take a reason that is not known as a failed request, never as an answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check litellm==1.110.2 openai==3.57.0 \
  >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

cat >"$work/probe.py" <<'PY'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its price list is not fetched

TEXT = "def f(x):\n    return (x +"


class Server(BaseHTTPRequestHandler):
    """Answers with the finish_reason that the prompt names."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reason = json.loads(request["messages"][0]["content"])
        stream = bool(request.get("stream"))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if stream else "application/json")
        self.end_headers()
        head = {"id": "1", "created": 1, "model": "m"}
        if not stream:
            choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": reason}
            answer = head | {"object": "chat.completion", "choices": [choice]}
            self.wfile.write(json.dumps(answer).encode())
            return
        for delta, end in ({"role": "assistant", "content": TEXT}, None), ({}, reason):
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            event = head | {"object": "chat.completion.chunk", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"

import litellm  # noqa: E402
import openai  # noqa: E402

litellm.suppress_debug_info = True
client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)


def seen(reason, stream):
    prompt = [{"role": "user", "content": json.dumps(reason)}]
    try:
        answer = litellm.completion("hosted_vllm/m", prompt, api_base=url, api_key="none", stream=stream, num_retries=0)
        if stream:
            answer = litellm.stream_chunk_builder(list(answer))
        return answer.choices[0].finish_reason
    except Exception as error:
        return f"raises {type(error).__name__}"


for reason in ("abort", "error", None):
    plain = client.chat.completions.create(model="m", messages=[{"role": "user", "content": json.dumps(reason)}])
    print(f"{reason}: {seen(reason, False)}; streamed: {seen(reason, True)}; openai: {plain.choices[0].finish_reason}")
PY
seen=$(timeout 100 "$python" "$work/probe.py" 2>"$work/err") || { cat "$work/err"; exit 2; }
wanted="abort: stop; streamed: raises MidStreamFallbackError; openai: abort
error: stop; streamed: stop; openai: error
None: stop; streamed: raises MidStreamFallbackError; openai: None"
if [ "$seen" = "$wanted" ]; then
  echo "as found: the reason that the server sent, and what litellm and the openai client say of it"
  echo "$seen"
else
  echo "changed: litellm treats these finish reasons now so:"
  echo "$seen"
  exit 1
fi
