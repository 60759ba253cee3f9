// What a VIP says is urgent, and everything goes to one adapter. Pure JavaScript, so that a test needs no component.

/** JSON Schema of the settings. */
export const schema = {
  type: "object",
  additionalProperties: false,
  required: ["adapter"],
  properties: {
    adapter: { type: "string", description: "The adapter that gets every message." },
    vips: { type: "array", items: { type: "string" }, description: "People, by the tenant's names of them." },
  },
};

/** The settings, or throws a list of what is wrong in them. */
export function read(text) {
  const settings = JSON.parse(text || "{}");
  const problems = [];
  if (typeof settings.adapter !== "string" || settings.adapter === "") {
    problems.push({ at: "/adapter", message: "name an adapter of this tenant" });
  }
  for (const key of Object.keys(settings)) {
    if (!(key in schema.properties)) problems.push({ at: `/${key}`, message: "there is no such setting" });
  }
  if (problems.length > 0) throw problems;
  return { adapter: settings.adapter, vips: settings.vips ?? [] };
}

/** Where a message goes. */
export function decide(settings, message, conversation) {
  const { labels } = conversation;
  if (message.origin === settings.adapter) {
    return { routes: [], replies: [], labels, reason: "it came from there" };
  }
  const vip = settings.vips.includes(message.author.id);
  const route = {
    adapter: settings.adapter,
    placement: { tag: "continue-or-open" },
    internal: conversation.room.audience === "staff",
    initial: vip ? [{ tag: "priority", val: "urgent" }] : [],
    changes: [],
  };
  const reason = vip ? "a VIP wrote" : "everything goes there";
  return { routes: [route], replies: [], labels, reason };
}
