// Runs before anything else in a page: counts what its channels are given, and makes channels without numbers to compare with.
{
  const send = RTCDataChannel.prototype.send
  const utf8 = new TextEncoder()

  /** Frames and bytes by type. @type {Record<string, { frames: number, bytes: number }> | null} */
  let counts = null
  /** The places that the last acknowledgement and the last message had. */
  let acknowledged = 0
  let given = 0

  RTCDataChannel.prototype.send = function (text) {
    // Frames that leave together are lines of one message.
    if (counts) text.split("\n").forEach(count)
    send.call(this, text)
  }

  /** @param {string} text */
  function count(text) {
    const { type = "bare", n = 0 } = JSON.parse(text)
    counts[type] ??= { frames: 0, bytes: 0 }
    counts[type].frames += 1
    counts[type].bytes += utf8.encode(text).length
    if (type === "Ack") {
      acknowledged = n
      recorder.look()
    }
    if (type === "Data") given = n
  }

  globalThis.traffic = {
    begin() { counts = {} },
    end() {
      const result = counts
      counts = null
      return result
    },
    given: () => given,
    /** Resolves when the host has been told of all messages up to a place. @param {number} place */
    acknowledged: (place) => recorder.until(() => acknowledged >= place),
  }

  // A channel without numbers: whoever relays stamps the sender's name, and that is all.

  /** @type {Map<string, { pc: RTCPeerConnection, channel: RTCDataChannel }>} */
  const connections = new Map()
  const frame = () => document.querySelector("p2p-frame")
  const show = (detail) => frame().dispatchEvent(new CustomEvent("bare:message", { detail, bubbles: true, composed: true }))

  /**
   * @param {string} senderId
   * @param {string} text
   */
  function relay(senderId, text) {
    const { data } = JSON.parse(text)
    const stamped = JSON.stringify({ senderId, data })
    for (const { channel } of connections.values()) channel.send(stamped)
    show({ senderId, data })
  }

  /** @param {RTCPeerConnection} pc */
  async function description(pc) {
    await pc.setLocalDescription()
    while (pc.iceGatheringState !== "complete") await new Promise((resolve) => { pc.onicegatheringstatechange = resolve })
    return pc.localDescription.toJSON()
  }

  globalThis.bare = {
    /** @param {string} peerId */
    async offer(peerId) {
      const pc = new RTCPeerConnection()
      const channel = pc.createDataChannel("messages")
      channel.onmessage = ({ data }) => relay(peerId, data)
      connections.set(peerId, { pc, channel })
      return description(pc)
    },

    /** @param {RTCSessionDescriptionInit} offer */
    async answer(offer) {
      const pc = new RTCPeerConnection()
      pc.ondatachannel = ({ channel }) => {
        channel.onmessage = ({ data }) => show(JSON.parse(data))
        connections.set("host", { pc, channel })
      }
      await pc.setRemoteDescription(offer)
      return description(pc)
    },

    /** Resolves when the channel is open. @param {[string, RTCSessionDescriptionInit]} arguments */
    async accept([peerId, answer]) {
      const { pc, channel } = connections.get(peerId)
      const open = new Promise((resolve) => { channel.onopen = resolve })
      await pc.setRemoteDescription(answer)
      await open
    },
  }

  /** How a client sends, as fast as it can; resolves with the time at which it began. */
  globalThis.bursts = {
    async ours({ count, text }) {
      const at = recorder.now()
      await Promise.all(Array.from({ length: count }, () => frame().send(text)))
      return at
    },

    bare({ count, text }) {
      const { channel } = connections.get("host")
      const { peerId } = frame()
      const at = recorder.now()
      for (let number = 0; number < count; number += 1) channel.send(JSON.stringify({ senderId: peerId, data: text }))
      return at
    },

    /** One after the other, each when the last one is stable. */
    async slow({ count, text }) {
      for (let number = 0; number < count; number += 1) await frame().send(text)
    },
  }
}
