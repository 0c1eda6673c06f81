#: output = "ran\n"
if __name__ == "__main__":
    print("ran")
else:
    print("imported")
