#: output = "2024-02-29 Thursday 366\n"
from datetime import date, timedelta

day = date(2024, 2, 28) + timedelta(days=1)
print(day, day.strftime("%A"), (date(2025, 1, 1) - date(2024, 1, 1)).days)
