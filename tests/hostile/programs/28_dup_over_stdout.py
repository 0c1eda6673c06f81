#: number = 28
#: want = ["WRONG_ANSWER"]
#: output = "42"
os.dup2(2, 1)
print(42)
