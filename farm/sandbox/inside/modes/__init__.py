"""What a child executes after its lock-down, one file a mode.

Mode `asserts` has two children: `program_child` and `tester`.
"""
