#: number = 26
#: want = ["WRONG_ANSWER"]
#: output = "42"
os.write(1, b"42\x00" * 1000)
