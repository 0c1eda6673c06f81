#: output = "5 4\n"
import ctypes

text = ctypes.create_string_buffer(b"hello")
print(len(text.value), ctypes.sizeof(ctypes.c_int))
