#: want = ["RUNTIME_ERROR"]
#: output = "42"
def hook(*_):
    os._exit(1)


sys.excepthook = hook
print(42, flush=True)
raise ValueError
