#: number = 23
#: want = ["OUTPUT_LIMIT"]
#: limit = "stdout"
#: limits = { cpu_s = 4.0, stdout_bytes = 1048576 }
while True:
    os.write(1, b"endless " * 8192)
