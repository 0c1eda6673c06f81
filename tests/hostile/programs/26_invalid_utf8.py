#: number = 26
#: want = ["WRONG_ANSWER"]
#: output = "42"
os.write(1, b"\xff\xfe\x80 42 \xed\xa0\x80 \xf5" * 1000)
