"""ICE servers (STUN and TURN): checks their URLs, and whether the servers answer."""
