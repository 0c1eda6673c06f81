#: want = ["PASSED"]
#: tests = [["abc", "abc 0 3"], ["abc", "abc 0 3"]]
position = os.lseek(0, 0, os.SEEK_CUR)
text = os.read(0, 100).decode()
print(text, position, os.fstat(0).st_size)
os.lseek(0, 3, os.SEEK_SET)
