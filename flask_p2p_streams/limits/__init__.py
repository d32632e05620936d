"""How much one stranger, socket, peer or session may cost."""
