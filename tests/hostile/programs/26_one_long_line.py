#: number = 26
#: want = ["WRONG_ANSWER"]
#: output = "42"
sys.stdout.write("4" * (12 << 20))
