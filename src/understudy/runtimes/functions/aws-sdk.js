// The AWS SDK for JavaScript, which Lambda's Node.js runtimes come with: clients, commands and
// errors of any service, by the names of version 3. What is called goes to the engine as JSON,
// which has the models of all services. A package that is there is used instead.
const { execFileSync } = require("child_process");
const { Readable } = require("stream");

const address = (name) => `${process.env.AWS_ENDPOINT_URL}/_understudy/sdk/${name}`;
const ASK = "fetch(process.argv[1]).then((a) => a.text()).then((t) => process.stdout.write(t))";

// What a package exports: its client, its operations, its errors. A require cannot wait, so a child asks.
function described(name) {
  return JSON.parse(execFileSync(process.execPath, ["-e", ASK, address(name)], { encoding: "utf8" }));
}

function written(value) {
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(written);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, written(each)]));
}

function read(value) {
  if (Array.isArray(value)) return value.map(read);
  if (value === null || typeof value !== "object") return value;
  if ("$date" in value) return new Date(value.$date);
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if ("$stream" in value) return streamed(Buffer.from(value.$stream, "base64"));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, read(each)]));
}

function streamed(bytes) {
  return Object.assign(Readable.from(bytes.length ? [bytes] : []), {
    transformToByteArray: async () => new Uint8Array(bytes),
    transformToString: async (encoding = "utf8") => bytes.toString(encoding),
  });
}

function sdk(name) {
  const { client, operations, errors } = described(name);
  const own = {};
  for (const each of errors) own[each] = { [each]: class extends Error {} }[each];

  async function sent(operation, input, config) {
    const call = { operation, input: written(input || {}), region: await config.region() };
    const answer = await fetch(address(name), { method: "POST", body: JSON.stringify(call) });
    const said = await answer.json();
    const $metadata = { httpStatusCode: said.status, requestId: said.requestId, attempts: 1 };
    if (!said.error) return { $metadata, ...read(said.output) };
    const error = new (own[said.error.Code] || Error)(said.error.Message);
    const fault = said.status >= 500 ? "server" : "client";
    throw Object.assign(error, { name: said.error.Code, Code: said.error.Code, $fault: fault, $metadata });
  }

  class Client {
    constructor(config = {}) {
      const { region = process.env.AWS_REGION } = config;
      this.config = { ...config, region: typeof region === "function" ? region : async () => region };
    }
    send(command, options, callback) {
      const done = typeof options === "function" ? options : callback;
      const answer = sent(command.operation, command.input, this.config);
      if (!done) return answer;
      answer.then((output) => done(null, output), done);
    }
    destroy() {}
  }
  own[`${client}Client`] = { [`${client}Client`]: class extends Client {} }[`${client}Client`];
  own[client] = { [client]: class extends Client {} }[client];
  for (const operation of operations) {
    const command = `${operation}Command`;
    own[command] = { [command]: class {
      constructor(input = {}) {
        this.input = input;
        this.operation = operation;
      }
    } }[command];
    const method = operation[0].toLowerCase() + operation.slice(1);
    own[client].prototype[method] = function (input, options, callback) {
      return this.send(new own[command](input), options, callback);
    };
  }
  return own;
}

const made = new Map();
const PACKAGE = /^@aws-sdk\/(client-[a-z0-9-]+)$/;

module.exports = {
  PACKAGE,
  load(request) {
    const name = PACKAGE.exec(request)[1];
    if (!made.has(name)) made.set(name, sdk(name));
    return made.get(name);
  },
};
