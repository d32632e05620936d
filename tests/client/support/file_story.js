import { FileRoom } from "./file_room.js"

export const KIB = 1024
export const MIB = 1024 * KIB

/**
 * A room with a host and others, all of whom take whatever comes; `taken` holds, by recipient, what came of it.
 * @param {...string} peerIds
 */
export function open(...peerIds) {
  const room = new FileRoom()
  /** @type {Map<string, Promise<File | null>[]>} */
  const taken = new Map()
  const takes = (peerId) => (file) => {
    taken.set(peerId, [...(taken.get(peerId) ?? []), file.accept()])
    return true
  }
  room.host.onOffer = takes("host")
  const parties = peerIds.map((peerId) => room.join(peerId, { onOffer: takes(peerId) }))
  return { room, taken, parties }
}

/** Whether a file holds these bytes: a readable answer in place of a difference of megabytes. */
export async function same(file, bytes) {
  return Buffer.compare(new Uint8Array(await file.arrayBuffer()), bytes) === 0
}

/** The codes that something failed with, by peer. */
export function codes(failures) {
  return Object.fromEntries([...failures].map(([peerId, { code }]) => [peerId, code]))
}
