// A SCIM service in memory: SCIMMY does the protocol, this keeps the resources. It prints its address, and ends when its input does.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

// keep has a resource type keep its resources in a map; no two have the same value of unique.
function keep(type, unique) {
  const all = new Map();
  const stored = (id) => {
    const found = all.get(id);
    if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return found;
  };
  type.ingress((resource, data) => {
    const before = resource.id ? stored(resource.id) : undefined;
    const id = resource.id ?? randomUUID();
    for (const other of all.values()) {
      if (unique && other.id !== id && String(other[unique]).toLowerCase() === String(data[unique]).toLowerCase()) {
        throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is taken`);
      }
    }
    const now = new Date();
    const kept = { ...JSON.parse(JSON.stringify(data)), id, meta: { created: before?.meta.created ?? now, lastModified: now } };
    all.set(id, kept);
    return kept;
  });
  type.egress((resource) => {
    if (resource.id) return stored(resource.id);
    const listed = [...all.values()];
    return resource.filter ? resource.filter.match(listed) : listed;
  });
  type.degress((resource) => {
    stored(resource.id);
    all.delete(resource.id);
  });
}

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false));
SCIMMY.Resources.declare(SCIMMY.Resources.Group);
keep(SCIMMY.Resources.User, "userName");
keep(SCIMMY.Resources.Group);

const service = express();
service.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== "Bearer secret") throw new Error("a bearer token is wanted");
  },
}));
// Small bulks, so that there are many requests to spoil.
SCIMMY.Config.set({ bulk: { supported: true, maxOperations: 10, maxPayloadSize: 1048576 }, filter: { supported: true, maxResults: 60 } });

const listening = service.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${listening.address().port}/scim/v2`));
process.stdin.on("end", () => process.exit(0)).resume();
