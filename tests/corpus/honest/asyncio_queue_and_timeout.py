#: output = "late 3\n"
import asyncio


async def main():
    queue = asyncio.Queue()
    try:
        await asyncio.wait_for(queue.get(), 0.01)
    except asyncio.TimeoutError:
        await queue.put(3)
    print("late", await queue.get())


asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
