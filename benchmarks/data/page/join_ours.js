import "p2p/frame"

/** Resolves when the frame that is in the page is connected, which is later than that its channel is open. */
export const join = () => new Promise((resolve) => { document.querySelector("p2p-frame").addEventListener("p2p:connected", resolve, { once: true }) })
