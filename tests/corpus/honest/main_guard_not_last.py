#: output = "guard\nlast\n"
if __name__ == "__main__":
    print("guard")
print("last")
