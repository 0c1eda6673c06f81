print(input().uppercase())
