print(7)
raise SystemExit(7)
