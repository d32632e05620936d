"""Socket.IO, Engine.IO and WebSockets: all that touches their internals is here."""
