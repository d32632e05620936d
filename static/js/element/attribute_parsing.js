// Reads the attributes of an element one by one, and checks them.
import { P2pError } from "../base/errors.js"
import { ID } from "../base/fields.js"
import { MAX_TOKEN_CHARACTERS } from "../base/limits.js"

/** The attributes of an element are checked one by one, because anybody may have written them. */

const HINT = "Let p2p_frame_tag write the element, or correct the attribute."
const TOKEN = new RegExp(`^[!-~]{1,${MAX_TOKEN_CHARACTERS}}$`)
const NAMESPACE = /^(?=.{1,256}$)(\/[A-Za-z0-9._~-]+)+$/
/** Engine.IO puts the path right behind the origin, as it is. So it must begin with one slash, and not with two, or it could name another origin. */
const PATH = /^\/(?!\/)[^\\?#\p{Cc}]{0,2048}$/u
const TRANSPORTS = /^websocket( polling)?$/
const MLS = /^\d{1,400}$/

/**
 * @param {string} name the attribute
 * @param {string} problem
 * @returns {P2pError}
 */
export function refusal(name, problem) {
  return new P2pError("bad_request", { message: `The attribute ${name} of <p2p-frame> ${problem}.`, hint: HINT })
}

/**
 * The page's origin as the browser knows it. It is taken from a Blob's address, because a page of about:srcdoc has no origin in its own, and `origin` may be a variable of the app.
 * @param {string} [blob] the address of a blob that this page has made (https://w3c.github.io/FileAPI/#unicodeBlobURL)
 * @returns {string} the only origin that a token goes to
 * @throws {P2pError} `unsupported` if there is none, as in a sandboxed frame
 */
export function ownOrigin(blob = URL.createObjectURL(new Blob())) {
  URL.revokeObjectURL(blob)
  const { origin } = new URL(blob)
  if (/^https?:/.test(origin)) return origin
  throw new P2pError("unsupported", { message: "This page has no origin of its own.", hint: "Load it from the app by HTTP; a sandboxed iframe needs allow-same-origin." })
}

/**
 * @param {Element} element
 * @param {"session-id" | "peer-id"} name
 */
export function readId(element, name) {
  return matching(element, name, ID, "must have 1 to 128 characters, without NUL, carriage return and lone surrogates")
}

/**
 * @param {Element} element
 * @param {string} [present] the token that counts if the attribute was removed
 */
export function readToken(element, present) {
  return matching(element, "token", TOKEN, "is no token", present)
}

/** @param {Element} element */
export function readNamespace(element) {
  return matching(element, "namespace", NAMESPACE, "must be a path without a slash at its end", "/p2p")
}

/** @param {Element} element */
export function readTerm(element) {
  return Number(matching(element, "token-expires-in-ms", MLS, "must be a whole number", "0"))
}

/** @param {Element} element */
export function readPath(element) {
  return matching(element, "signaling-path", PATH, "must be a path of the page's own origin", "/socket.io")
}

/** @param {Element} element @returns {boolean} whether the server allows long polling besides WebSockets */
export function readTransports(element) {
  return matching(element, "transports", TRANSPORTS, 'must be "websocket" or "websocket polling"', "websocket").endsWith("polling")
}

/**
 * The address for renewals. It must be on the page's own origin, and of the app's view for tokens, so that no other view can be called.
 * @param {Element} element
 * @param {string} origin the address is relative to this, and not to `<base>`
 * @returns {string} empty if there is none
 */
export function readTokenUrl(element, origin) {
  const value = element.getAttribute("token-url")
  if (value === null) return ""
  const url = parsed(value, origin)
  if (url && url.href === origin + url.pathname && url.pathname.endsWith("/token")) return url.href
  throw refusal("token-url", "must be an address of the page's own origin that ends with /token")
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {RegExp} pattern
 * @param {string} problem
 * @param {string} [fallback]
 */
function matching(element, name, pattern, problem, fallback = "") {
  const value = element.getAttribute(name) ?? fallback
  if (pattern.test(value)) return value
  throw refusal(name, problem)
}

/**
 * @param {string} value
 * @param {string} base
 */
function parsed(value, base) {
  try {
    return new URL(value, base)
  } catch {
    return null
  }
}
