#: number = 25
#: want = ["PASSED"]
#: output = { repeat = "0123456789abcde\n", times = 10000 }
sys.stdout.write("0123456789abcde\n" * 10000)
