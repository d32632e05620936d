// PeerServer (npm `peer`), as its own command starts it: `node benchmarks/peer_server.mjs PORT`.

import { PeerServer } from "peer"

PeerServer({ host: "127.0.0.1", port: Number(process.argv[2]), path: "/" }).on("error", (error) => console.error(error))
