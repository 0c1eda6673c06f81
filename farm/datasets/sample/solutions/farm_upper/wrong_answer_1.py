print(input().capitalize())
