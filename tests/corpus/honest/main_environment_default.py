#: output = "local\n"
import os

print("local" if os.environ.get("ONLINE_JUDGE") is None and not os.getenv("HOME") else "judge")
