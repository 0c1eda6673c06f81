#: input = "4 5\n"
#: output = "45\n"
from pathlib import Path

print(Path("/dev/stdin").read_text().replace(" ", "").strip())
