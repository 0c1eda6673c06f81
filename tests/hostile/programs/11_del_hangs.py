#: number = 11
#: want = ["TIME_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 0.4, wall_s = 3.0 }
class Sticky:
    def __del__(self):
        while True:
            pass


sticky = Sticky()
print(42, flush=True)
del sticky
