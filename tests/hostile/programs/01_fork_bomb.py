#: number = 1
#: want = ["RUNTIME_ERROR"]
#: stderr = "PermissionError"
while True:
    os.fork()
