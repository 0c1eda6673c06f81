#: number = 21
#: want = ["PASSED"]
#: output = "unchanged"
import resource

before = resource.getrlimit(resource.RLIMIT_STACK)
resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
after = resource.getrlimit(resource.RLIMIT_STACK)
print("unchanged" if before == after else f"{before} became {after}")
