"""ICE servers (STUN and TURN): what an app may name, and whether they answer."""
