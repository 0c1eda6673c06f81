#: want = ["PASSED"]
#: output = "fork denied in 8 threads"
import threading

answers = []


def work():
    answer = answer_of(os.fork)
    answers.append(answer)


threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
answer_of(lambda: syscall("rseq", 0, 0, 0, 0))
print(f"fork denied in {answers.count('EPERM')} threads")
