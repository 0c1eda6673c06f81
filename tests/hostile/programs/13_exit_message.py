#: number = 13
#: want = ["RUNTIME_ERROR"]
#: output = "42"
print(42)
sys.exit("a message is exit code 1")
