#: input = "{\"a\": [1, 2, {\"b\": \"ü\"}]}"
#: output = "ü 3\n"
import json
import sys

data = json.load(sys.stdin)
print(data["a"][2]["b"], data["a"][0] + data["a"][1])
