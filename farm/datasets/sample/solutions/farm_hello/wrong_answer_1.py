print("Hello, Farm!")
