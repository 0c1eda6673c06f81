#: output = "ran\n"
if "__main__" == __name__ and True:
    print("ran")
