// An app of React's: window.show() renders a frame with these attributes, or none.
import { createElement, StrictMode, useCallback, useEffect, useState } from "react"
import { createRoot } from "react-dom/client"

window.mounts = 0
window.heard = []

function Room({ attributes }) {
  const [state, setState] = useState("")
  const frame = useCallback((element) => {
    const listening = new AbortController()
    for (const name of ["negotiating", "connected"]) {
      element.addEventListener(`p2p:${name}`, () => {
        window.heard.push(name)
        setState(name)
      }, { signal: listening.signal })
    }
    return () => listening.abort()
  }, [])
  useEffect(() => { window.mounts += 1 })
  return createElement("p2p-frame", { ref: frame, ...attributes }, createElement("output", null, state))
}

const root = createRoot(document.querySelector("#root"))
window.show = (attributes, key = "") => root.render(createElement(StrictMode, null, attributes && createElement(Room, { attributes, key })))

// What it hears is its state, and each rendering has listeners of its own.
function Hall({ attributes }) {
  const [peers, setPeers] = useState({})
  const [host, setHost] = useState({})
  window.renderings += 1
  const listeners = { "onp2p:peers": ({ detail }) => setPeers(detail), "onp2p:host-changed": ({ detail }) => setHost(detail) }
  return createElement("p2p-frame", { ...attributes, ...listeners }, createElement("output", null, [host.hostPeerId, ...Object.keys(peers).sort()].join()))
}

window.renderings = 0
window.showHall = (attributes) => root.render(createElement(StrictMode, null, createElement(Hall, { attributes })))
