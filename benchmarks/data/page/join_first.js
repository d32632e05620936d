import "p2p/frame"

/** Resolves when the first message of the host's is shown. */
export const join = () => new Promise((resolve) => {
  document.querySelector("p2p-frame").addEventListener("p2p:message", ({ detail: { type } }) => { if (type === "Data") resolve() })
})
