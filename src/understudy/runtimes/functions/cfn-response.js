// The module that AWS puts beside inline code in Node.js. AWS: cfn-response module.
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  return new Promise((resolve) => {
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    });
    const url = new URL(event.ResponseURL);
    const http = require(url.protocol === "http:" ? "http" : "https");
    const request = http.request(
      {
        hostname: url.hostname,
        port: url.port,
        path: url.pathname + url.search,
        method: "PUT",
        headers: { "content-type": "", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        console.log("Status code: " + response.statusCode);
        response.resume();
        resolve(context.done());
      },
    );
    request.on("error", (error) => {
      console.log("send(..) failed executing http.request(..): " + error);
      resolve(context.done(error));
    });
    request.end(body);
  });
};
