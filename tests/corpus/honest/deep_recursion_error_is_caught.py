#: output = "caught\n"
def forever():
    return forever()


try:
    forever()
except RecursionError:
    print("caught")
