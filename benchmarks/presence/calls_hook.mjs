// A loader hook that lets each function of the client tell countCall() that it has been called.
import { babelParse, MagicString, walk } from "vue/compiler-sfc"

/** The URL that all of the client's files begin with. */
let client = ""

/** @param {string} url */
export function initialize(url) {
  client = url
}

export async function load(url, context, next) {
  const loaded = await next(url, context)
  return url.startsWith(client) ? { ...loaded, source: counted(String(loaded.source)) } : loaded
}

/** @param {string} source */
function counted(source) {
  const text = new MagicString(source)
  walk(babelParse(source, { sourceType: "module" }), { enter: (node) => { if (isFunction(node)) count(text, node.body) } })
  return text.toString()
}

const isFunction = ({ type }) => /Function|ObjectMethod|Class(Private)?Method/.test(type)

function count(text, { type, start, end }) {
  if (type === "BlockStatement") text.appendRight(start + 1, "countCall();")
  else text.appendRight(start, "(countCall(), ").appendLeft(end, ")")
}
