/**
 * Imports a part of the client from an address that only the built client knows.
 * @param {string} url a parameter, so that a bundler doesn't try to resolve it
 */
export function importAs(url) {
  return import(url)
}
