"""What runs inside iapp's training jobs and scoring services. The contract with the CLI is in CONTRACT.md."""

__version__ = "0.1.0"
