#: number = 10
#: want = ["TIME_LIMIT"]
#: mode = "lcb"
# An exception with the name of the alarm's is a time limit, as in the original grader, and costs no one else any time.
input()
raise RuntimeError("timeoutexception")
