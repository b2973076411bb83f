// What the parts of an agent's desk share: who it is, and what is looked up beside the stream.
import { me } from "/session.js";
import { floor } from "/stream.js";

export const TALKING = ["talking", "holding", "consulting"];
export const mine = "/agents/me";
export const known = { reasons: [], queues: new Map(), colleagues: [], recall: [] };

export const myself = () => floor.agents.get(me?.agent_id);
export const colleagueName = (id) => known.colleagues.find((one) => one.id === id)?.name || id;
