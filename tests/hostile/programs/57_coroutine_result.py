#: number = 57
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "7"]]
async def answer(value):
    return 7
