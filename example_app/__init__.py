"""A small Flask app that shows what Flask-P2P-Streams can do; start it with `make demo`.

Read in this order: `names` (how people and rooms are called), `colours` (how they are told apart),
`security` (the headers of every page), `scaling` (what several workers need), `app` (the views),
and `templates/room.html` with the controllers in `static/`. `addresses` and `codes` say where the
server is opened. `make demo-cluster` starts two workers behind nginx: see `cluster`.
"""
