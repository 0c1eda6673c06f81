#: input = "abc"
#: output = "a-b-c-\n"
import sys

while character := sys.stdin.read(1):
    print(character, end="-")
print()
