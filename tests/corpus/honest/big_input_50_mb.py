#: input = { repeat = "123456789 ", times = 5000000, suffix = "\n" }
#: output = "617283945000000\n"
#: limits = { cpu_s = 30.0, wall_s = 90.0, memory_bytes = 2147483648 }
#: slow = true
import sys

total = 0
while block := sys.stdin.buffer.read(10 * 100_000):
    total += sum(map(int, block.split()))
print(total)
