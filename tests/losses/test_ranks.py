"""Two processes with unequal numbers of ignored rows have the mean and the gradient of one."""

import subprocess
import sys
from pathlib import Path

WORKER = """
import sys
import torch
import torch.distributed as dist
import crossent
from crossent import LossSum

rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
generator = torch.Generator().manual_seed(0)
x, y = torch.randn(8, 6, generator=generator), torch.tensor([0, -100, -100, -100, 3, 2, 1, 0])
model = torch.nn.Linear(6, 4)
with torch.no_grad():
    for p in model.parameters():
        p.copy_(torch.randn(p.shape, generator=generator))

mine = slice(4 * rank, 4 * rank + 4)  # one row that counts in the first, four in the second
part = crossent.cross_entropy_sum(model(x[mine]), y[mine])
counted = torch.stack([part.total.detach(), part.weight, part.count])
dist.all_reduce(counted)
whole = LossSum(*counted)
# The gradient of the mean over all ranks: each rank's sum over the weight of all of them.
(part.total / whole.weight).backward()
for p in model.parameters():
    dist.all_reduce(p.grad)
ours = [whole.mean(), *(p.grad.clone() for p in model.parameters())]
model.zero_grad()
loss = torch.nn.functional.cross_entropy(model(x), y)
loss.backward()
for a, b in zip(ours, [loss.detach(), *(p.grad for p in model.parameters())]):
    torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7, check_dtype=False)
assert whole.count == 5
dist.destroy_process_group()
"""


def test_two_ranks_are_one(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(rank), str(tmp_path)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
