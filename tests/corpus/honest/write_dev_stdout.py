#: output = "hello\n"
with open("/dev/stdout", "w") as out:
    print("hello", file=out)
