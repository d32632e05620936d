/** Milliseconds that the server has to answer. */
const TIMEOUT_MS = 5000

/** Whether the server of this page answers, now. */
export async function isServerThere() {
  try {
    const { ok } = await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) })
    return ok
  } catch {
    return false
  }
}
