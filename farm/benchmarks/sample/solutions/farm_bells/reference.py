time, minutes = input().split()
hour, minute = map(int, time.split(":"))
total = (hour * 60 + minute + int(minutes)) % (24 * 60)
print(f"{total // 60:02}:{total % 60:02}")
