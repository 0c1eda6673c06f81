#: number = 22
#: want = ["RUNTIME_ERROR"]
#: tokens = ["core 0 0"]
#: signal = 6
import resource

print("core", *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
