#: output = "hello\n"
out = open(1, "w")
out.write("hello\n")
out.close()
