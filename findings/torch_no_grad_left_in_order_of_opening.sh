#!/usr/bin/env bash
# torch 2.13.0: two no_grad blocks that are left in the order in which they were opened switch
# recording off for good.
#
# Each block remembers what it found and puts that back. Two generators, or two asyncio tasks, that
# each stand in `with torch.no_grad():` may end in any order; where the first ends first, the second
# puts back what it found: recording switched off. And while one task stands in the block, the
# others record nothing either, since the flag belongs to the thread.
#
# A good guess would be that after all blocks have ended everything is as before.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

import torch


def silent():
    with torch.no_grad():
        yield


first, second = silent(), silent()
next(first), next(second)
first.close(), second.close()
after_generators = torch.is_grad_enabled()
torch.set_grad_enabled(True)


async def silent_task(begun, over):
    with torch.no_grad():
        begun.set()
        await over.wait()


async def main():
    begun, over = [asyncio.Event(), asyncio.Event()], [asyncio.Event(), asyncio.Event()]
    tasks = []
    for i in range(2):
        tasks.append(asyncio.create_task(silent_task(begun[i], over[i])))
        await begun[i].wait()
    beside = torch.is_grad_enabled()
    for i in range(2):
        over[i].set()
        await tasks[i]
    return beside, torch.is_grad_enabled()


beside, after_tasks = asyncio.run(main())
print("torch", torch.__version__)
print("records after both generators:", after_generators)
print("records in another task meanwhile, and after both tasks:", beside, after_tasks)
assert (after_generators, beside, after_tasks) == (False, False, False)
w = torch.tensor(2.0, requires_grad=True)
assert not (w * w).requires_grad
PYTHON
