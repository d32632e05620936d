"""Limits on what one address, socket, peer or session may cost this process."""
