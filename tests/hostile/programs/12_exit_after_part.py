#: number = 12
#: want = ["WRONG_ANSWER"]
#: output = "1\n2"
print(1, flush=True)
print(2)
os._exit(0)
