"""What happens to the peers of this worker, from joining to leaving."""
