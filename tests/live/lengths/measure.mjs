// Weighs the texts of standard input, one JSON string a line, as X's own library does.
import { createInterface } from "node:readline";
import twitter from "twitter-text";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${twitter.parseTweet(JSON.parse(line)).weightedLength}\n`);
}
