#: input = "a\nb\n"
#: output = "1:a 2:b\n"
import fileinput

print(*(f"{fileinput.lineno()}:{line.strip()}" for line in fileinput.input()))
