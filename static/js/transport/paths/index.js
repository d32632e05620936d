// What links need rarely: paths over the server. It is loaded when it is needed.
export { ServerPath } from "./server_path.js"
