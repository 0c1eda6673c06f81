#: output = "1 2\n3\n"
import sys

sys.stdout.write("1 2\n")
sys.stdout.writelines(["3", "\n"])
