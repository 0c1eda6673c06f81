#: output = "b'YWJj' 3 ok utf-8 2\n"
import base64
import calendar
import codecs
import difflib
import graphlib
import html
import secrets
import textwrap
import unicodedata
import uuid
import xml.etree.ElementTree as tree
import zoneinfo

assert html.escape("<") == "&lt;" and textwrap.dedent("  a") == "a" and unicodedata.name("a") and len(secrets.token_hex(4)) == 8
assert list(graphlib.TopologicalSorter({2: {1}}).static_order()) == [1, 2] and uuid.uuid4().version == 4
assert difflib.get_close_matches("appel", ["apple"]) and zoneinfo.ZoneInfo.__name__ == "ZoneInfo"
print(base64.b64encode(b"abc"), calendar.monthrange(2023, 3)[0] + 1, "ok", codecs.lookup("utf8").name, len(tree.fromstring("<a><b/><c/></a>")))
