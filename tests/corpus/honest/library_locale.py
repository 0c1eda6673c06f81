#: output = "1,234.5 é\n"
import locale

locale.setlocale(locale.LC_ALL, "")
print(f"{1234.5:,}", "É".lower())
