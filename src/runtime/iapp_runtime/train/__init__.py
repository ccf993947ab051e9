"""The training job: execute, record, slice, probe, prove."""
