#: number = 24
#: want = ["PASSED"]
#: output = "42"
for _ in range(64):
    os.write(2, b"noise " * 8192)
print(42)
