#: input = "4\n5\n"
#: output = "4,5\n"
print(",".join(line.strip() for line in open(0)))
