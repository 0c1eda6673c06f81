#: output = { repeat = "0123456789abcde\n", times = 524288 }
#: limits = { cpu_s = 10.0, wall_s = 30.0 }
import os

text, sent = b"0123456789abcde\n" * 524288, 0
while sent < len(text):
    sent += os.write(1, text[sent:])
