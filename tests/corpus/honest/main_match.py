#: input = "push 3\npush 4\npop\nsize\n"
#: output = "4\n1\n"
import sys

stack = []
for line in sys.stdin:
    match line.split():
        case ["push", value]:
            stack.append(int(value))
        case ["pop"]:
            print(stack.pop())
        case ["size"]:
            print(len(stack))
