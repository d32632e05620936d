"""What the server costs, measured on loopback: `python -m benchmarks`."""
