#: want = ["RUNTIME_ERROR", "MEMORY_LIMIT"]
#: output = "42"
print(42, flush=True)
print("Traceback (most recent call last):\nMemoryError", file=sys.stderr)
sys.exit(1)
