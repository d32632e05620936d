"""What data costs beside bare channels, PeerJS and simple-peer, all in one Chromium.

From the bottom up: `servers` and `hall` make the pages; `bulk`, `texts`, `chat`, `joining` and
`memory` measure in them; `sizes` measures the client's files. `samples` is what they return.
"""
