// An app of Vue's: window.show() renders a frame with these attributes, or none.
import { createApp, h, nextTick, shallowRef } from "/libraries/vue.js"

const shown = shallowRef(null)
window.show = (attributes) => {
  shown.value = attributes
  return nextTick()
}
createApp({ render: () => shown.value && h("p2p-frame", shown.value) }).mount("#root")
