#: input = "3 4\n"
#: output = "7\n"
import threading


def main():
    print(sum(map(int, input().split())))


threading.Thread(target=main).start()
