"""Values of other windows, and those that JSON makes something else of; whom a message is for."""

from typing import Any

import pytest

from .circle import Circle, Member

PEERS = ("ann", "bob", "7")
CONFIG = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 30_000}}

# What an iframe of the same origin makes.
THEIRS = [
    "({ a: [1, { b: null }] })",
    "[[1], 'x']",
    "Uint8Array.of(1, 2, 255).buffer",
    "Float32Array.of(0.5, NaN)",
    "new DataView(Uint8Array.of(9, 8, 7).buffer, 1)",
    "new Blob(['hey'], { type: 'text/x' })",
    "new File(['f'], 'f.txt', { type: 'text/y' })",
]

# Each is what can't be sent, with its place and its kind.
REFUSED = {
    "undefined": ("data", "undefined"),
    "Promise.resolve(1)": ("data", "Promise"),
    "new FormData()": ("data", "FormData"),
    "new URLSearchParams('a=1')": ("data", "URLSearchParams"),
    "new TypeError('e')": ("data", "TypeError"),
    "/x/": ("data", "RegExp"),
    "new WeakMap()": ("data", "WeakMap"),
    "document.body": ("data", "HTMLBodyElement"),
    "({ node: document.createTextNode('x') })": ("data.node", "Text"),
    "document.querySelectorAll('*')": ("data", "NodeList"),
    "new Event('x')": ("data", "Event"),
    "window": ("data", "Window"),
    "({ position: new DOMException('x') })": ("data.position", "DOMException"),
    "new Headers()": ("data", "Headers"),
    "new ReadableStream()": ("data", "ReadableStream"),
    "Math": ("data", "Math"),
    "new Proxy(new Blob(), {})": ("data", "Blob"),
    "new (class Point { x = 1 })()": ("data", "Point"),
    "({ user: { avatar: new File([], 'x') } })": ("data.user.avatar", "File"),
    "({ list: [1, new Uint8Array(1)] })": ("data.list[1]", "Uint8Array"),
    "({ at: new Date(NaN) })": ("data.at", "Invalid Date"),
    "({ x: 0 / 0 })": ("data.x", "NaN"),
    "({ n: JSON.rawJSON('1e999') })": ("data.n", "raw JSON"),
    "[1, undefined]": ("data[1]", "undefined"),
    "({ on() {} })": ("data.on", "a function"),
    "kit.theirs('new Map()')": ("data", "Map"),
    "kit.theirs('new Set()')": ("data", "Set"),
    "[kit.theirs('new ArrayBuffer(1)')]": ("data[0]", "ArrayBuffer"),
    "({ a: kit.theirs('new Blob()') })": ("data.a", "Blob"),
    "({ a: kit.theirs('new File([], String(1))') })": ("data.a", "File"),
    "kit.shared(8).buffer": ("data", "SharedArrayBuffer"),
    "({ memory: kit.shared(8).buffer })": ("data.memory", "SharedArrayBuffer"),
}

PREPARE = """() => {
  const iframe = document.createElement("iframe")
  document.body.append(iframe)
  kit.theirs = (script) => iframe.contentWindow.eval(`(${script})`)
  // A page that isn't isolated has no constructor of it.
  kit.shared = (bytes) => {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    return new Uint8Array(buffer, 0, bytes)
  }
  kit.detached = () => {
    const buffer = new ArrayBuffer(8)
    const views = [buffer, new Uint8Array(buffer), new DataView(buffer)]
    structuredClone(buffer, { transfer: [buffer] })
    return views
  }
  // Another's error is one of ours as well, and tells what and why.
  kit.error = async (call) => {
    try {
      await call()
      return "resolved"
    } catch ({ name, code, message }) { return [name, code, message] }
  }
}"""


@pytest.fixture
def speaker(circle: Circle) -> Member:
    _, bob, _ = circle.members
    bob.run(PREPARE)
    return bob


def test_values_of_an_iframe_arrive_as_what_they_were(circle: Circle, speaker: Member) -> None:
    ann, _, other = circle.members
    for number, script in enumerate(THEIRS):
        speaker.run("(script) => kit.frame.send(kit.theirs(script))", script)
        # By the constructors of the page that it comes to, which are not those of the iframe.
        sent = speaker.run(f"kit.describe({script})")
        for member in (ann, other):
            member.wait("(count) => kit.shown.length > count", number)
            assert member.told[number][2] == sent
            assert member.run("kit.shown.every(({ own }) => own)")


@pytest.mark.parametrize("options", ["", ", { to: 'ann' }", ", { topic: 't', reliable: false }"])
def test_what_cannot_be_sent_is_named(circle: Circle, speaker: Member, options: str) -> None:
    tries = ", ".join(f"() => kit.frame.send({value}{options})" for value in REFUSED)
    errors = speaker.run(f"async () => Promise.all([{tries}].map(kit.error))")
    wanted = [f"{place} can't be sent ({kind})." for place, kind in REFUSED.values()]
    assert [tuple(error) for error in errors] == [
        ("P2pError", "unsupported", message) for message in wanted
    ]
    speaker.run("kit.frame.send('well')")
    assert speaker.data == ["well"]


def test_nor_is_it_a_question_or_an_answer(circle: Circle, speaker: Member) -> None:
    ann, _, _ = circle.members
    # A responder that gives nothing answers null, and one that promises is waited for.
    values = [value for value in REFUSED if value not in ("undefined", "Promise.resolve(1)")]
    ann.run(PREPARE)
    ann.run(f"() => kit.respond('what', (number) => [{', '.join(values)}][number])")
    asked = ", ".join(f"() => kit.frame.request('ann', 'what', {value})" for value in values)
    outcomes = speaker.run(f"async () => Promise.all([{asked}].map(kit.error))")
    assert {code for _, code, _ in outcomes} == {"unsupported"}
    answered = speaker.run(f"""async () => {{
      const outcomes = []
      for (let number = 0; number < {len(values)}; number++) {{
        outcomes.push((await kit.error(() => kit.frame.request("ann", "what", number)))[1])
      }}
      return outcomes
    }}""")
    assert answered == ["handler_failed"] * len(values)
    circle.forgive(*["The answer can't be sent"] * len(values))


def test_memory_that_is_shared_or_gone(circle: Circle, speaker: Member) -> None:
    ann, _, _ = circle.members
    ann.take_files("accept")
    codes = speaker.run("""async () => {
      const outcomes = []
      for (const data of kit.detached()) {
        outcomes.push(await kit.error(() => kit.frame.send(data)))
        outcomes.push(await kit.error(() => kit.frame.sendFile(data, { to: "ann" })))
      }
      outcomes.push(await kit.error(() => kit.frame.sendFile(kit.shared(1).buffer, { to: "ann" })))
      return outcomes.map(([name, code]) => `${name} ${code}`)
    }""")
    assert codes == ["P2pError unsupported"] * 7
    speaker.run("""async () => {
      const shared = kit.shared(4)
      shared.set([1, 2, 3, 4])
      await kit.frame.send(shared.subarray(1, 3))
      kit.sendFile("shared", shared.subarray(1, 3), { to: "ann" })
      shared.fill(9)
      const growing = new Uint8Array(new ArrayBuffer(2, { maxByteLength: 9 })).fill(5)
      await kit.frame.send(growing)
      kit.sendFile("growing", growing, { to: "ann" })
      growing.buffer.resize(0)
      kit.sendFile("theirs", kit.theirs("new File(['x'], 'x')"), { to: "ann" })
    }""")
    for name, data in {"shared": [2, 3], "growing": [5, 5], "theirs": [0x78]}.items():
        assert speaker.outcome(name) == "done"
        file = ann.wait_for_files(name)[name]
        assert file["hash"] == speaker.run("(data) => kit.hash(Uint8Array.from(data))", data)
    assert ann.run("kit.shown.map(({ data }) => [data.constructor.name, ...data])") == [
        ["Uint8Array", 2, 3],
        ["Uint8Array", 5, 5],
    ]


def test_deep_nesting_has_a_hint_of_its_own(circle: Circle, speaker: Member) -> None:
    hints = speaker.run("""async () => {
      const hints = []
      for (const levels of [501, 3_000, 100_000]) {
        const data = JSON.parse("[".repeat(levels) + "]".repeat(levels))
        hints.push(await kit.frame.send(data).catch(({ code, hint }) => `${code}: ${hint}`))
      }
      return hints
    }""")
    assert hints == ["unsupported: Send it as a list, or as text."] * 3


# Whom it is for

NOBODY = ["detail.senderID", "undefined", "null", "''", "[]", "[undefined]", "['ann', undefined]"]
NOBODY += ["[, 'ann']", "NaN", "1.5", "new Set(['ann'])", "{ peerId: 'ann' }"]
NOT_OPTIONS = [f"{{ to: {to} }}" for to in NOBODY]
NOT_OPTIONS += ["null", "5", "['ann']", "'ann'", "new Map([['to', 'ann']])", "{ To: 'ann' }"]
NOT_OPTIONS += ["() => ({ to: 'ann' })", "Object.create({ to: 'ann' })"]


def test_nothing_goes_to_more_peers_than_was_meant(circle: Circle, speaker: Member) -> None:
    options = ", ".join(NOT_OPTIONS)
    outcomes = speaker.run(f"""async () => {{
      const detail = {{ senderId: "ann" }}
      const call = async (options) => [
        await kit.code(kit.frame.send("secret", options)),
        await kit.error(() => kit.frame.sendFile(new Blob(["secret"]), options).done),
      ].flat()
      return Promise.all([{options}].map(call))
    }}""")
    assert {(sent, code) for sent, _, code, _ in outcomes} == {("bad_request", "bad_request")}
    others = speaker.run("""async () => {
      const { frame } = kit
      const bad = [{ topic: undefined }, { topic: null }, { reliable: undefined }, { reliable: 0 }]
      const asked = [{ timeout: undefined }, { timeout: "1" }, { signal: undefined },
        { signal: {} }]
      return Promise.all([
        ...bad.map((options) => kit.code(frame.send("x", options))),
        ...asked.map((options) => kit.code(frame.request("ann", "t", 1, options))),
        ...[{ name: undefined }, { name: {} }, { type: 7 }].map(async (options) =>
          (await kit.error(() => frame.sendFile(new Blob(), options).done))[1]),
        ...[undefined, null, "", [], {}, NaN].flatMap((id) =>
          [kit.code(frame.request(id, "t", 1)), kit.code(frame.handOver(id))]),
        kit.code(frame.request("ann", undefined, 1)),
        ...["on", "respond"].map(async (method) => (await kit.error(() => frame[method]("t")))[1]),
      ])
    }""")
    assert set(others) == {"bad_request"}
    speaker.run("kit.frame.send('to all')")
    for member in circle.members:
        member.wait_until_shown_last("to all")
        assert member.data == ["to all"]
        assert member.run("kit.offers.length") == 0


def test_a_whole_number_stands_for_its_digits(circle: Circle, speaker: Member) -> None:
    _, _, seven = circle.members
    seven.run("() => kit.respond('who', () => kit.frame.peerId)")
    speaker.run("kit.frame.send('secret', { to: 7 })")
    speaker.run("kit.frame.send('secret too', { to: [7] })")
    assert seven.data == ["secret", "secret too"]
    assert speaker.run("kit.frame.request(7, 'who', null)") == "7"
    assert speaker.run("kit.code(kit.frame.send('x', { to: 8 }))") == "no_such_peer"


# Listeners


def test_listeners_of_an_element_are_as_the_browsers_own(circle: Circle, speaker: Member) -> None:
    heard: Any = speaker.run("""async () => {
      const heard = []
      const { frame } = kit
      const hear = (name) => () => void heard.push(name)
      const [removed, twice, once, captured, later] =
        ["removed", "twice", "once", "captured", "later"].map(hear)
      frame.addEventListener("p2p:connected", removed)
      frame.removeEventListener("p2p:connected", removed)
      frame.addEventListener("p2p:connected", twice)
      frame.addEventListener("p2p:connected", twice)
      frame.addEventListener("p2p:connected", once, { once: true })
      frame.addEventListener("p2p:connected", captured, true)
      frame.removeEventListener("p2p:connected", captured)
      frame.addEventListener("p2p:peers", function ({ target, currentTarget }) {
        heard.push(this === frame && target === frame && currentTarget === frame)
        frame.addEventListener("p2p:connected", later)
      }, { once: true })
      frame.addEventListener("other", twice)
      await new Promise((resolve) => setTimeout(resolve))
      frame.addEventListener("p2p:connected", twice)
      await new Promise((resolve) => setTimeout(resolve))
      frame.dispatchEvent(new CustomEvent("p2p:connected"))
      frame.removeEventListener("p2p:connected", captured, { capture: true })
      frame.removeEventListener("p2p:connected", later)
      frame.dispatchEvent(new CustomEvent("p2p:connected"))
      frame.removeEventListener("p2p:connected", twice)
      frame.dispatchEvent(new CustomEvent("other"))
      return heard
    }""")
    late = ["twice", "once", "captured", True, "later"]
    assert heard == [*late, "captured", "twice", "later", "twice", "twice"]
