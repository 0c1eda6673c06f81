#: output = "hello\n"
with open(1, "w", closefd=False) as out:
    out.write("hello\n")
