#: output = "[0, 1, 4, 9]\n"
import queue
import threading

tasks, results = queue.Queue(), []


def work():
    while (n := tasks.get()) is not None:
        results.append(n * n)
        tasks.task_done()


worker = threading.Thread(target=work, daemon=True)
worker.start()
for n in range(4):
    tasks.put(n)
tasks.join()
tasks.put(None)
print(results)
