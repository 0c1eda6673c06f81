#: input = "1\n\n2"
#: output = "2 lines of text, 1 blank\n"
from sys import stdin

text = blank = 0
while True:
    line = stdin.readline()
    if line == "":
        break
    if line.strip():
        text += 1
    else:
        blank += 1
print(f"{text} lines of text, {blank} blank")
