#: input = "grüße\n"
#: output = "GRÜSSE\n"
import sys

sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(line_buffering=True)
print(sys.stdin.readline().strip().upper())
