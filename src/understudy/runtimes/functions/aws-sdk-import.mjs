// Has ES modules find the stand-in of the AWS SDK as CommonJS modules do.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const sdk = require("./aws-sdk.js");
const file = JSON.stringify(require.resolve("./aws-sdk.js"));

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!sdk.PACKAGE.test(specifier)) throw error;
    return { url: `understudy:${specifier}`, format: "module", shortCircuit: true };
  }
}

export async function load(url, context, next) {
  if (!url.startsWith("understudy:")) return next(url, context);
  const name = JSON.stringify(url.slice("understudy:".length));
  const names = Object.keys(sdk.load(JSON.parse(name))).join(", ");
  const source = `
    import { createRequire } from "node:module";
    const own = createRequire(${file})(${file}).load(${name});
    export default own;
    export const { ${names} } = own;`;
  return { format: "module", source, shortCircuit: true };
}
