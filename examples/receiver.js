// Receives mentionbridge's webhooks and believes none it has not verified: node receiver.js whsec_… [PORT]
"use strict";
const crypto = require("node:crypto");
const http = require("node:http");

if (!process.argv[2]) throw new Error("The endpoint's secret is needed: node receiver.js whsec_… [PORT]");
const key = Buffer.from(process.argv[2].replace(/^whsec_/, ""), "base64");
const port = Number(process.argv[3] || 8900);
const seen = new Set(); // keep these in your database, with what each event changed

function same(ours, theirs) {
  const [a, b] = [Buffer.from(ours), Buffer.from(theirs)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}

function verified(headers, body) {
  const [id, stamp, signatures] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`] || "");
  if (!/^\d+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > 300) return false;
  const digest = crypto.createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
  return signatures.split(" ").some((theirs) => same(`v1,${digest}`, theirs));
}

http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    const fine = verified(request.headers, body);
    if (fine && !seen.has(request.headers["webhook-id"])) { // an event may come twice
      seen.add(request.headers["webhook-id"]);
      const { type, data } = JSON.parse(body);
      console.log(type, data.ticket_id || "", data.sequence);
    }
    response.writeHead(fine ? 204 : 401).end();
  });
}).listen(port, "127.0.0.1");
