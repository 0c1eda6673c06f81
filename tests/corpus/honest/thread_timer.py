#: output = "fired\ndone\n"
import threading

timer = threading.Timer(0.01, print, args=("fired",))
timer.start()
timer.join()
print("done")
