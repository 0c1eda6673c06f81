#: output = "900150983cd24fb0 ba7816bf8f01cfea 891568578\n"
import hashlib
import zlib

print(hashlib.md5(b"abc").hexdigest()[:16], hashlib.sha256(b"abc").hexdigest()[:16], zlib.crc32(b"abc"))
