"""What a program does to the server, written against the public wire.

Each attack is a function of a target and of how often to repeat itself. It leaves its sockets
open, so that what they make the server keep is seen, and returns what it has achieved that it
should not have: nothing, if all is well. As a program of its own it runs one of them:
`python -m tests.hostile.wire_attacks NAME TARGET TIMES`.
"""

import json
import sys
from typing import Any

# Each says by itself what there is in it.
from tests.hostile import clients as clients
from tests.hostile import strangers as strangers
from tests.hostile.attacking import ATTACKS as ATTACKS
from tests.hostile.attacking import CONTROLS, Target


def main() -> None:
    name, target, times = sys.argv[1], Target(**json.loads(sys.argv[2])), int(sys.argv[3])
    result: dict[str, Any] = {"harm": (ATTACKS | CONTROLS)[name](target, times)}
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    # Whoever has started this looks at the server now, and then closes.
    sys.stdin.read()


if __name__ == "__main__":
    main()
