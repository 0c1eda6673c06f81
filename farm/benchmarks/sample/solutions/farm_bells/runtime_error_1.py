from datetime import time

now, minutes = input().split()
hour, minute = map(int, now.split(":"))
total = hour * 60 + minute + int(minutes)
print(time(total // 60, total % 60).strftime("%H:%M"))
