#: want = ["WRONG_ANSWER"]
#: output = "42"
print("\x1b[2J\x1b]0;title\x07 42 <script>alert(1)</script> | # ` \r\n\u202e")
