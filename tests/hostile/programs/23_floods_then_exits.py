#: number = 23
#: want = ["OUTPUT_LIMIT"]
#: limits = { cpu_s = 4.0, stdout_bytes = 65536 }
sys.stdout.write("x" * (4 << 20))
