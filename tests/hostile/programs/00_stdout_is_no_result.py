#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
def answer(value):
    print(7)
    os.write(1, b"7\n")
    os.write(2, b"7\n")
