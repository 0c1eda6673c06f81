#: input = "caf\u00e9 \u0000 end\n"
#: output = "caf\u00e9 \u0000 end\n"
import sys

sys.stdout.write(sys.stdin.read())
