#: number = 50
#: want = ["WRONG_ANSWER"]
#: stop = "all"
#: tests = [["1", "@CANARY@"], ["2", "@CANARY@"]]
#: tokens = ["scanned, own mark found"]
#: limits = { cpu_s = 6.0 }
# Read all memory around known objects. A write into a pipe tells what is mapped: EFAULT where nothing is.
import re

PAGE, AROUND = 4096, 16 << 20
own = "-".join(["OWNMARK", "f" * 32])
_LIBC.sbrk.restype = ctypes.c_void_p
anchors = [id(own), id(sys), id(os.environ), _LIBC.sbrk(0), id(answer_of), ctypes.addressof(ctypes.create_string_buffer(1))]
starts = sorted({page for a in anchors for page in range((a & -PAGE) - AROUND, (a & -PAGE) + AROUND, PAGE) if page > 0})
reader, writer = os.pipe()
text = bytearray()
for page in starts:
    try:
        os.write(writer, (ctypes.c_char * PAGE).from_address(page))
        text += os.read(reader, PAGE)
    except OSError:
        text += b"\0"  # a hole: what is on both sides is not one text
found = re.search(rb"CANARY" + rb"-[0-9a-f]{32}", text)
mark = "found" if own.encode() in text else "missed"
print(found.group().decode() if found else f"scanned, own mark {mark}")
