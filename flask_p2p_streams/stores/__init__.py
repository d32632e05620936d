"""Where sessions are kept: this process, Redis, memcached, or a cache of Flask-Caching."""
