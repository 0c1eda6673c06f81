#: input = "5\n"
#: output = "25\n"
def main():
    print(int(input()) ** 2)


if __name__ == "__main__":
    main()
