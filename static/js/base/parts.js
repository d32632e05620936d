// Loading a part of the client that has a file of its own.
/**
 * Imports a part by its address, relative to p2p.js: for a second attempt, under another URL than the first. Many browsers remember that a URL couldn't be loaded,
 * and don't try it again (https://github.com/whatwg/html/issues/6768).
 * @param {string} name
 * @param {string} [url] a parameter, so that a bundler doesn't try to resolve it
 */
export function importAgain(name, url = `./${name}?${Date.now()}`) {
  return import(url)
}
