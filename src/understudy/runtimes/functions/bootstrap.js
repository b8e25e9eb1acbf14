// The process of a function in Node.js: reads events as lines of JSON, answers on another pipe.
const fs = require("fs");
const path = require("path");
const http = require("http");
const https = require("https");
const Module = require("module");
const readline = require("readline");
const { pathToFileURL } = require("url");

const answers = Number(process.env._UNDERSTUDY_ANSWERS);
delete process.env._UNDERSTUDY_ANSWERS;
const root = process.env.LAMBDA_TASK_ROOT;

// Handlers answer custom resources by https on port 443; the engine's door is plain http.
const door = new URL(process.env.AWS_ENDPOINT_URL);
const secure = https.request;
https.request = function (options, ...rest) {
  const asked = typeof options === "string" ? new URL(options) : options;
  if (asked.hostname !== door.hostname && asked.host !== door.host) {
    return secure.call(https, options, ...rest);
  }
  const { protocol, port, agent, ...others } = asked instanceof URL
    ? { hostname: asked.hostname, path: asked.pathname + asked.search }
    : asked;
  return http.request({ ...others, host: door.hostname, hostname: door.hostname, port: door.port }, ...rest);
};

// Lambda's Node.js runtimes come with the AWS SDK; where a package of it is not there, ours stands in.
const sdk = require("./aws-sdk.js");
const found = Module._load;
Module._load = function (request, ...rest) {
  try {
    return found.call(this, request, ...rest);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND" || !sdk.PACKAGE.test(request)) throw error;
    return sdk.load(request);
  }
};
if (Module.register) Module.register("./aws-sdk-import.mjs", pathToFileURL(__filename));

function failure(kind, message, trace) {
  const body = { errorType: kind, errorMessage: message, trace };
  return { ok: false, payload: JSON.stringify(body) };
}

async function load() {
  const written = process.env._HANDLER;
  const dot = written.lastIndexOf(".");
  const [name, handler] = [written.slice(0, dot), written.slice(dot + 1)];
  const file = [".js", ".cjs", ".mjs"].map((end) => path.join(root, name + end)).find(fs.existsSync);
  if (!file) throw Object.assign(new Error(`Cannot find module '${name}'`), { name: "Runtime.ImportModuleError" });
  let loaded;
  try {
    loaded = file.endsWith(".mjs") ? await import(file) : require(file);
  } catch (error) {
    if (error.code !== "ERR_REQUIRE_ESM" && !(error instanceof SyntaxError && /import|export/.test(error.message))) throw error;
    loaded = await import(file);
  }
  const found = loaded[handler] || (loaded.default && loaded.default[handler]);
  if (typeof found !== "function") {
    throw Object.assign(new Error(`${written} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  return found;
}

function called(handler, call) {
  const deadline = Date.now() + call.timeout * 1000;
  return new Promise((resolve, reject) => {
    const done = (error, result) => (error ? reject(error) : resolve(result));
    const context = {
      awsRequestId: call.request_id,
      invokedFunctionArn: call.arn,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
      done,
      succeed: (result) => done(null, result),
      fail: done,
    };
    const promised = handler(call.event, context, done);
    if (promised && typeof promised.then === "function") promised.then(resolve, reject);
  });
}

async function main() {
  let handler, broken;
  try {
    handler = await load();
  } catch (error) {
    console.error(error.stack);
    broken = failure(error.name, error.message, (error.stack || "").split("\n"));
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer = broken;
    if (!broken) {
      try {
        const result = await called(handler, JSON.parse(line));
        answer = { ok: true, payload: JSON.stringify(result === undefined ? null : result) };
      } catch (error) {
        const known = error instanceof Error ? error : new Error(String(error));
        console.error(known.stack);
        answer = failure(known.name, known.message, (known.stack || "").split("\n"));
      }
    }
    fs.writeSync(answers, JSON.stringify(answer) + "\n");
    if (broken) break;
  }
  process.exit(0);
}

main();
