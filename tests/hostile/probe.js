// A page that says a number to everybody every 100 ms, and the same to one only; it notes what comes, and when.
window.probe = (() => {
  const frame = document.querySelector("p2p-frame")
  const sent = [], came = [], failures = [], changes = []
  const now = () => (performance.timeOrigin + performance.now()) / 1000
  let timer, count = 0

  frame.on("probe", (number, { senderId }) => came.push([senderId, "all", number, now()]))
  frame.on("direct", (number, { senderId }) => came.push([senderId, frame.peerId, number, now()]))
  for (const name of ["disconnected", "closed", "error", "host-changed"]) {
    frame.addEventListener(`p2p:${name}`, ({ detail }) => { if (timer) changes.push(`${name} ${detail?.code ?? ""} ${detail?.message ?? JSON.stringify(detail)}`) })
  }

  const say = (topic, to, number) => {
    sent.push([to ?? "all", number, now()])
    frame.send(number, { topic, ...(to && { to }) }).catch((error) => failures.push(`${topic}: ${error.code}`))
  }

  return {
    start(neighbour) {
      timer = setInterval(() => {
        say("probe", undefined, ++count)
        say("direct", neighbour, count)
      }, 100)
    },
    stop() {
      clearInterval(timer)
    },
    result: () => ({ sent, came, failures, changes }),
  }
})()
