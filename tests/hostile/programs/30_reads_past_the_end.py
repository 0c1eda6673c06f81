#: number = 30
#: want = ["PASSED"]
#: input = "1\n2\n"
#: output = "8 empty reads"
print(sum(sys.stdin.read() == "" for _ in range(9)), "empty reads")
