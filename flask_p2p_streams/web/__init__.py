"""Pages: the template tags, the client's files, and the renewal of tokens over HTTP."""
