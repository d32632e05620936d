"""What the server and the client cost, measured on loopback: `python -m benchmarks`."""
