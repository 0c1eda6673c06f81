#: output = "from a thread\n"
import threading

threading.Thread(target=print, args=("from a thread",)).start()
