#: output = "3\n"
import pickle


class Box:
    def __init__(self, value):
        self.value = value


print(pickle.loads(pickle.dumps(Box(3))).value)
