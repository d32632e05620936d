"""Socket.IO, Engine.IO and WebSockets: all code that uses their internals is here."""
