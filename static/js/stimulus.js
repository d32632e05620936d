/** The client with its Stimulus controller; Stimulus itself comes from the page's import map or bundler. */
export * from "./index.js"
export { P2pController } from "./stimulus/controller.js"
