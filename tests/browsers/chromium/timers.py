"""Long times in pages: they are over when the test says so, however slow the machine is."""

from tests.kit.pages import Peer

LEAST_MS = 60_000
# Timers of a minute and more wait for the test; all others run as ever.
HELD = f"""
  const start = window.setTimeout, stop = window.clearTimeout
  const held = window.held = new Map()
  window.setTimeout = (run, mls, ...rest) => {{
    if (!(mls >= {LEAST_MS})) return start(run, mls, ...rest)
    const handle = 1e9 + Math.random()
    held.set(handle, {{ run, mls }})
    return handle
  }}
  window.clearTimeout = (handle) => {{ if (!held.delete(handle)) stop(handle) }}
"""

HOLDS = """([least, most]) =>
  [...held.values()].some(({ mls }) => least <= mls && mls <= most)"""
# In one step: who looks first and runs them then may find that they have been set anew meanwhile.
RUN = """([least, most]) => {
  let count = 0
  for (const [handle, { run, mls }] of held) {
    if (mls < least || most < mls || !held.delete(handle)) continue
    count += 1
    run()
  }
  return count > 0
}"""


def let_pass(peer: Peer, most: float, least: float | None = None) -> None:
    """Run the timers of so many milliseconds as soon as there is one."""
    peer.page.wait_for_function(RUN, arg=[most if least is None else least, most])


def wait_for_timer(peer: Peer, mls: float) -> None:
    """Wait until there is a timer of so many milliseconds."""
    peer.page.wait_for_function(HOLDS, arg=[mls, mls])
