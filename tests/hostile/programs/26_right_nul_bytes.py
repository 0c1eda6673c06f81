#: number = 26
#: want = ["PASSED"]
#: output = "a\u0000b"
os.write(1, b"a\x00b\n")
