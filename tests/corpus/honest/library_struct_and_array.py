#: output = "0100000002000000 [1, 2] 3\n"
import array
import struct

packed = struct.pack("<II", 1, 2)
print(packed.hex(), list(array.array("I", packed)), int.from_bytes(b"\x03", "big"))
