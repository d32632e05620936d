"""Pages: the template tags, the client's files, and the tokens' renewal over HTTP."""
