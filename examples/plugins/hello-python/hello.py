"""The example plugin in Python, with nothing but the standard library.

Each line of standard input is a message of Slipway, each line of standard output one of ours; see docs/plugins/protocol.md.
"""

import base64
import json
import os
import queue
import sys
import threading
import time

writing = threading.Lock()
waiting = {}  # our requests that are not answered yet, by id
calls = {}  # the calls under way, by Slipway's id


def send(message):
    line = json.dumps({"jsonrpc": "2.0", **message}) + "\n"
    with writing:
        sys.stdout.write(line)
        sys.stdout.flush()


def pack(data):
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def unpack(data):
    if "base64" in data:
        return base64.b64decode(data["base64"])
    return data.get("text", "").encode()


class Exit(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Call:
    """One call of a command or a trigger."""

    def __init__(self, number, params):
        self.number, self.name, self.kind = number, params["name"], params["kind"]
        self.args, self.env = params["args"], params["env"]
        self.cancelled = threading.Event()

    def request(self, method, **params):
        """Asks Slipway for something during the call, and waits for the answer."""
        answer = queue.Queue()
        number = f"{self.number}.{time.monotonic_ns()}"
        waiting[number] = answer
        send({"id": number, "method": method, "params": {"call": self.number, **params}})
        message = answer.get()
        if "error" in message:
            raise RuntimeError(message["error"]["message"])
        return message["result"]

    def print(self, text):
        self.request("stdout", text=text)

    def warn(self, text):
        self.request("stderr", text=text)

    def read(self):
        """A piece of standard input, empty at its end."""
        while True:
            piece = self.request("stdin")
            data = unpack(piece)
            if data or piece.get("eof"):
                return data

    def lines(self):
        rest = b""
        while data := self.read():
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
        if rest:
            yield rest


def greet(call):
    if not call.args:
        raise RuntimeError("Please specify a name")
    call.print(f"{call.env['CONFIG_GREETING']}, {call.args[0]}\n")


def ask(call):
    call.print("Who?\n")
    call.print(f"Hello, {next(call.lines()).decode()}\n")


def echo(call):
    while data := call.read():
        call.request("stdout", **pack(data))


def env(call):
    call.print(call.env.get(call.args[0], "") + "\n")


def leave(call):
    call.print("out\n")
    call.warn("err\n")
    raise Exit(int(call.args[0]))


def crash(_call):
    os._exit(7)


def wait(call):
    call.print("waiting\n")
    call.cancelled.wait()
    with open(call.args[0], "w", encoding="utf-8") as file:
        file.write("cancelled\n")


def created(call):
    call.print(f"hello: created {call.args[0]}\n")


def answer_word(call):
    call.print(f"hello {call.args[0]}\n")


def fail(call):
    call.warn("it failed\n")
    raise Exit(3)


def run_command(call):
    """Runs a command in the middle of another one, inside of the locks that it holds."""
    result = call.request("run", args=call.args)
    call.request("stdout", **result.get("stdout", {}))
    call.request("stderr", **result.get("stderr", {}))
    if result["exit"]:
        raise Exit(result["exit"])


def slow(_call):
    time.sleep(600)


COMMANDS = {
    "hello:greet": (greet, {"usage": "<name>", "help": "Greet somebody", "idempotent": True}),
    "hello:ask": (ask, {"help": "Ask for a name, and greet"}),
    "hello:crash": (crash, {"help": "Die"}),
    "hello:echo": (echo, {"help": "Print what comes in"}),
    "hello:env": (env, {"usage": "<name>", "help": "Print a variable"}),
    "hello:exit": (leave, {"usage": "<code>", "help": "Fail"}),
    "hello:wait": (wait, {"usage": "<file>", "help": "Wait until interrupted, and note it in a file"}),
    "hello:admin": (greet, {"help": "Something for root only", "access": "root"}),
}
TRIGGERS = {
    "post-create": created, "hello-answer": answer_word, "hello-fail": fail, "hello-run": run_command, "hello-slow": slow, "hello-stdin": echo,
    "slipway-proxy-apply": echo,  # a proxy that only says what it is told
}


def run(call):
    """Runs one call, on a thread of its own, and answers it."""
    response = {"id": call.number, "result": {"exit": 0}}
    try:
        (COMMANDS[call.name][0] if call.kind == "command" else TRIGGERS[call.name])(call)
    except Exit as end:
        response["result"]["exit"] = end.code
    except Exception as error:  # whatever it is, somebody waits for an answer
        response = {"id": call.number, "error": {"code": -32000, "message": str(error)}}
    calls.pop(call.number, None)
    send(response)


def main():
    for line in sys.stdin:
        message = json.loads(line)
        method = message.get("method")
        if method == "initialize":
            send({"id": message["id"], "result": {
                "protocol": 1,
                "commands": [{"name": name, **about} for name, (_, about) in COMMANDS.items()],
                "triggers": [{"name": name} for name in TRIGGERS],
            }})
        elif method == "call":
            call = Call(message["id"], message["params"])
            calls[call.number] = call
            threading.Thread(target=run, args=[call], daemon=True).start()
        elif method == "cancel":
            if call := calls.get(message["params"]["call"]):
                call.cancelled.set()
        elif method is None:
            if answer := waiting.pop(message["id"], None):
                answer.put(message)


main()
