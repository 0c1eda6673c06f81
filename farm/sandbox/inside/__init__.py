"""What runs in the zygote and in the children it forks: the standard library alone, no secret, no farm.

Outside these files import as `farm.sandbox.inside.*`; in the zygote as the top-level package `inside`,
so that no other module of farm can be reached from a process that will execute a program.
"""
