"""The one app of the tests, served for real.

`tests.kit.serving` starts it; for a server of its user's choice it is `tests.kit.app.wsgi:app`,
with its configuration in the environment. See `make.Config` for what there is to choose.
"""
