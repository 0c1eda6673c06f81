#: want = ["RUNTIME_ERROR"]
#: output = "42"
print(42)
sys.exit(10**100)
