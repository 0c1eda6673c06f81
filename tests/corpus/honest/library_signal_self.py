#: output = "got 10\ngot 12\n"
import os
import signal
import threading

for number in (signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, lambda n, _: print("got", n))
os.kill(os.getpid(), signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
