#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.4, wall_s = 3.0 }
def hook(*_):
    while True:
        pass


sys.excepthook = hook
raise ValueError
