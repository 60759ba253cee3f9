import assert from "node:assert/strict";
import test from "node:test";

import { decide, read } from "./router.js";

const conversation = { labels: ["seen"], room: { audience: "customer" } };
const message = (id, origin) => ({ origin, author: { id } });

test("what a VIP says is urgent, and what others say is not", () => {
  const settings = read('{"adapter":"desk","vips":["@ceo:example.org"]}');
  const routes = (id) => decide(settings, message(id), conversation).routes[0].initial;
  assert.deepEqual(routes("@ceo:example.org"), [{ tag: "priority", val: "urgent" }]);
  assert.deepEqual(routes("@eve:example.org"), []);
});

test("a message never goes back to where it came from", () => {
  assert.deepEqual(decide(read('{"adapter":"desk"}'), message("@a:b", "desk"), conversation).routes, []);
});

test("what is wrong in the settings is named by its place", () => {
  assert.throws(() => read('{"vip":[]}'), (problems) => problems.map((one) => one.at).join() === "/adapter,/vip");
});
