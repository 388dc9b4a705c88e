// Starts the pages with the settings of the environment.

import { ConfigError, readConfig } from "./config.ts";
import { Log } from "./log.ts";
import { createPages } from "./server.ts";

try {
  const config = readConfig(process.env);
  const { server, app } = createPages(config, new Log((line) => console.log(line)));
  server.listen(config.port, config.host, () => {
    app.log.line({ listening: `${config.host}:${config.port}`, base: config.baseUrl });
  });
  server.on("error", (error) => {
    console.error(`can't listen at ${config.host}:${config.port}: ${error.message}`);
    process.exitCode = 1;
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      // Answers that are under way are given, and messages that were promised are asked for.
      server.close();
      server.closeIdleConnections();
    });
  }
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
