// The example plugin in JavaScript, with nothing but Node. Each line of standard input is a message of Slipway, each line of
// standard output one of ours; see docs/plugins/protocol.md.
const fs = require("node:fs");
const readline = require("node:readline");

const waiting = new Map(); // our requests that are not answered yet, by id
const calls = new Map(); // the calls under way, by Slipway's id
let requests = 0;

const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const unpack = (data) => (data.base64 ? Buffer.from(data.base64, "base64") : Buffer.from(data.text ?? ""));

class Exit extends Error {
  constructor(code) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

// Call is one call of a command or a trigger.
class Call {
  constructor(id, params) {
    Object.assign(this, { id, ...params });
    this.cancelled = new Promise((resolve) => (this.cancel = resolve));
  }
  // request asks Slipway for something during the call, and waits for the answer.
  request(method, params = {}) {
    const id = `${this.id}.${++requests}`;
    send({ id, method, params: { call: this.id, ...params } });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }
  print(text) {
    return this.request("stdout", { text });
  }
  warn(text) {
    return this.request("stderr", { text });
  }
  // input gives the pieces of standard input.
  async *input() {
    for (;;) {
      const piece = await this.request("stdin");
      if (piece.text || piece.base64) yield piece;
      if (piece.eof) return;
    }
  }
}

async function greet(call) {
  if (!call.args[0]) throw new Error("Please specify a name");
  await call.print(`${call.env.CONFIG_GREETING}, ${call.args[0]}\n`);
}

async function ask(call) {
  await call.print("Who?\n");
  let line = "";
  for await (const piece of call.input()) {
    line += unpack(piece);
    if (line.includes("\n")) break;
  }
  await call.print(`Hello, ${line.trim()}\n`);
}

async function echo(call) {
  for await (const { text, base64 } of call.input()) await call.request("stdout", { text, base64 });
}

// runCommand runs a command in the middle of another one, inside of the locks that it holds.
async function runCommand(call) {
  const result = await call.request("run", { args: call.args });
  await call.request("stdout", result.stdout);
  await call.request("stderr", result.stderr);
  if (result.exit) throw new Exit(result.exit);
}

const commands = {
  "hello:greet": { usage: "<name>", help: "Greet somebody", idempotent: true, run: greet },
  "hello:ask": { help: "Ask for a name, and greet", run: ask },
  "hello:crash": { help: "Die", run: () => process.exit(7) },
  "hello:echo": { help: "Print what comes in", run: echo },
  "hello:env": { usage: "<name>", help: "Print a variable", run: (call) => call.print(`${call.env[call.args[0]] ?? ""}\n`) },
  "hello:exit": {
    usage: "<code>",
    help: "Fail",
    async run(call) {
      await call.print("out\n");
      await call.warn("err\n");
      throw new Exit(Number(call.args[0]));
    },
  },
  "hello:wait": {
    usage: "<file>",
    help: "Wait until interrupted, and note it in a file",
    async run(call) {
      await call.print("waiting\n");
      await call.cancelled;
      fs.writeFileSync(call.args[0], "cancelled\n");
    },
  },
  "hello:admin": { help: "Something for root only", access: "root", run: greet },
};

const triggers = {
  "post-create": (call) => call.print(`hello: created ${call.args[0]}\n`),
  "hello-answer": (call) => call.print(`hello ${call.args[0]}\n`),
  "hello-run": runCommand,
  "hello-slow": () => new Promise(() => {}),
  "hello-stdin": echo,
  "slipway-proxy-apply": echo, // a proxy that only says what it is told
  async "hello-fail"(call) {
    await call.warn("it failed\n");
    throw new Exit(3);
  },
};

async function run(call) {
  try {
    await (call.kind === "command" ? commands[call.name].run : triggers[call.name])(call);
    send({ id: call.id, result: { exit: 0 } });
  } catch (error) {
    if (error instanceof Exit) send({ id: call.id, result: { exit: error.code } });
    else send({ id: call.id, error: { code: -32000, message: error.message } });
  }
  calls.delete(call.id);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on("close", () => process.exit());
lines.on("line", (line) => {
  const message = JSON.parse(line);
  switch (message.method) {
    case "initialize":
      send({
        id: message.id,
        result: {
          protocol: 1,
          commands: Object.entries(commands).map(([name, { run, ...about }]) => ({ name, ...about })),
          triggers: Object.keys(triggers).map((name) => ({ name })),
        },
      });
      break;
    case "call": {
      const call = new Call(message.id, message.params);
      calls.set(call.id, call);
      run(call);
      break;
    }
    case "cancel":
      calls.get(message.params.call)?.cancel();
      break;
    case undefined: {
      const waits = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) waits?.reject(new Error(message.error.message));
      else waits?.resolve(message.result);
    }
  }
});
