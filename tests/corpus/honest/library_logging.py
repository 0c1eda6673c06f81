#: output = "done\n"
import logging

logging.basicConfig(level=logging.DEBUG)
logging.debug("to stderr")
print("done")
