/** How much may wait in a channel, and at what is left of it more is sent. */
export const HIGH_BYTES = 1024 * 1024
export const LOW_BYTES = 256 * 1024

/** @param {RTCDataChannel} channel */
export function openWith(channel) {
  channel.binaryType = "arraybuffer"
  channel.bufferedAmountLowThreshold = LOW_BYTES
  return channel
}

/** @param {RTCDataChannel} channel */
export const isFull = (channel) => channel.bufferedAmount > HIGH_BYTES

/** @param {RTCDataChannel} channel */
export const drained = (channel) => new Promise((resolve) => channel.addEventListener("bufferedamountlow", resolve, { once: true }))
