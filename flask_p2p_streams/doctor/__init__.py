"""The checks of ``flask p2p doctor``: what is wrong with an app, and how to correct it."""
