/**
 * The people's colours, in this order, so that few people have colours that differ most. White is legible on each (4.5 to 1), and any two differ by 0.068 in OKLab,
 * more than three times what the eye just notices.
 */
const COLOURS = [
  "#5058b8", "#508000", "#902018", "#b85088", "#005858", "#b06000", "#687880", "#783078", "#685000", "#006000",
  "#9060c0", "#805058", "#384880", "#007860", "#0078b0", "#b04040", "#787038", "#785890", "#584848", "#486078",
  "#986878", "#904810", "#983060", "#583898", "#506818", "#6870b0", "#0060a0", "#586048", "#604870", "#984898",
]

/**
 * A person's colour, the same in every browser: its number stands at the end of the peer's id (example_app/colours.py).
 * @param {string} peerId
 */
export function colourOf(peerId) {
  const number = Number.parseInt(peerId.slice(-2), 16)
  return COLOURS[(number || 0) % COLOURS.length]
}
