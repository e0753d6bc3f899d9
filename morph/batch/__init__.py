"""Many inputs, each tracked into a folder of its own, by several processes."""

from morph.batch.inputs import BatchInput, find_inputs
from morph.batch.run import BatchOptions, run_batch
from morph.batch.work import BatchResult

__all__ = ["BatchInput", "BatchOptions", "BatchResult", "find_inputs", "run_batch"]
