// better-auth over PostgreSQL, with its defaults but for what a comment explains.
import { createServer } from "node:http";
import { hash, verify } from "@node-rs/argon2";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import pg from "pg";

const { DATABASE_URL, HASH, PORT } = process.env;
const url = `http://127.0.0.1:${PORT}`;

// The package's defaults are argon2id and one lane.
const argon2id = { memoryCost: 19456, timeCost: 2, parallelism: 1 };
const password = {
  hash: (text) => hash(text, argon2id),
  verify: ({ hash: stored, password: text }) => verify(stored, text),
};

const options = {
  baseURL: url,
  secret: "a secret of a server that lives for minutes",
  database: new pg.Pool({ connectionString: DATABASE_URL }),
  emailAndPassword: { enabled: true, ...(HASH === "argon2id" && { password }) },
  logger: { level: "error" },
  // It would let each address sign in three times in ten seconds.
  rateLimit: { enabled: false },
};

const { runMigrations } = await getMigrations(options);
await runMigrations();
createServer(toNodeHandler(betterAuth(options))).listen(Number(PORT), "127.0.0.1");
