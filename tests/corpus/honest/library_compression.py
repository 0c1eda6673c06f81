#: output = "True True True\n"
import bz2
import lzma
import zlib

data = b"abc" * 1000
print(*(module.decompress(module.compress(data)) == data for module in (zlib, bz2, lzma)))
