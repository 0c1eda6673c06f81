#: input = { repeat = "123456789\n", times = 5000000 }
#: output = "unread\n"
#: slow = true
print("unread")
