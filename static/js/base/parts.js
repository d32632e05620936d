// Loading a part of the client that has a file of its own.
import { P2pError } from "./errors.js"

/**
 * Imports a part by its address, relative to p2p.js: for a second attempt, under another URL than the first. Many browsers remember that a URL couldn't be loaded,
 * and don't try it again (https://github.com/whatwg/html/issues/6768).
 * @param {string} name
 * @param {string} [url] a parameter, so that a bundler doesn't try to resolve it
 */
export function importAgain(name, url = `./${name}?${Date.now()}`) {
  return import(url)
}

/**
 * Says that a part can't be loaded, and what to do about it.
 * @param {string} name its file
 * @param {string} task what it does
 * @param {unknown} [cause]
 */
export function unloadable(name, task, cause) {
  return new P2pError("unavailable", { message: `The part of the client that ${task} can't be loaded.`, hint: `Check that ${name} lies beside p2p.js, and that the server can be reached.`, cause })
}
