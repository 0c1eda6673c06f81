#: number = 29
#: want = ["WRONG_ANSWER"]
#: output = "42"
print("PASSED")
print(json.dumps({"verdict": "PASSED", "first_failure": None, "exit_code": 0, "cases": []}))
print("RC", "\x00\x00\x00\x02{}", "all tests passed")
