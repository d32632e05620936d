/** The parts of an address that the engine reads; the client gives it an origin. In the place of engine.io-client's parseuri. */
const ADDRESS = /^(?:(\w+):\/\/)?(?:\[([^\]]*)\]|([^:/?#]*))(?::(\d+))?/

export function parse(text) {
  const [, protocol = "", address, name, port = ""] = ADDRESS.exec(text)
  return { protocol, host: address ?? name, port }
}
