// Whether a STUN server tells this browser its public address.

/**
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {import("./loop.js").Tools} Tools
 */

/**
 * @param {RTCIceServer} server
 * @param {AbortSignal} signal
 * @param {Tools} tools
 * @returns {Promise<Outcome>}
 */
export async function askStun(server, signal, { clock, RTCPeerConnection = globalThis.RTCPeerConnection }) {
  if (!RTCPeerConnection) return { ok: false, reason: "unsupported" }
  const began = clock.now()
  /** @type {RTCPeerConnection | null} */
  let end = null
  try {
    const asking = (end = new RTCPeerConnection({ iceServers: [server] }))
    asking.createDataChannel("check")
    return await new Promise((resolve, reject) => {
      let hasFailed = false
      signal.addEventListener("abort", () => resolve({ ok: false, reason: "unreached" }))
      asking.onicecandidateerror = () => { hasFailed = true }
      asking.onicecandidate = ({ candidate }) => { if (candidate?.type === "srflx") resolve({ ok: true, ms: clock.now() - began }) }
      asking.onicegatheringstatechange = () => {
        if (asking.iceGatheringState !== "complete") return
        // A browser names no address twice: where no router changes it, there is none besides the device's own. Where browsers tell no errors, silence says nothing.
        const answered = !hasFailed && "onicecandidateerror" in RTCPeerConnection.prototype
        resolve(answered ? { ok: true, ms: clock.now() - began, reason: "nothing" } : { ok: false, reason: "unreached" })
      }
      asking.setLocalDescription().catch(reject)
    })
  } catch (error) {
    return { ok: false, reason: "failed", code: error instanceof Error ? error.name : undefined }
  } finally {
    end?.close()
  }
}
