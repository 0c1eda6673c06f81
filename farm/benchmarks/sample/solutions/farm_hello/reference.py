print("Hello, farm!")
