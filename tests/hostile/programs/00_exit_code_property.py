#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Exit(SystemExit):
    @property
    def code(self):
        raise ValueError("no code for you")


print(42)
raise Exit
