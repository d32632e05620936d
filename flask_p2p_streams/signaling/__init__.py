"""What this worker does for its peers, from joining to leaving."""
