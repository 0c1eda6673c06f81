#: tests = [["", "same\n"], ["", "same\n"]]
words = {"b", "a", "d", "c"}
print("same" if list(words) == list({"b", "a", "d", "c"}) else "differs")
