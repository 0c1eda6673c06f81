#: want = ["PASSED"]
#: output = "survived 4"
#: limits = { cpu_s = 6.0 }
import ast

survived = 0
for text in ("(" * 500000, "-" * 3000 + "1", "[" * 199 + "]" * 199, "f'{" * 200):
    try:
        ast.parse(text)
        survived += 1
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        survived += 1
print("survived", survived)
