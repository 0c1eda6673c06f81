#: number = 28
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
os.closerange(0, 1024)
print(42)
