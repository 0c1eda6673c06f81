"""LiveCodeBench: code generation, test output prediction, code execution and self-repair."""
