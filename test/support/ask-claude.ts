/**
 * Asks Claude once, at the address of the first argument, and prints the result as JSON. This is a separate process,
 * because Node reads `NODE_EXTRA_CA_CERTS` when it starts.
 */
import { CoditectError } from "../../schemas/errors.ts";
import { agentWith, ask, chargeTo, gatewayWith, question } from "./gateway.ts";

const [address = ""] = process.argv.slice(2);
const { gateway } = gatewayWith({ endpoints: { Claude: address } });
const provider = { Claude: { model: "claude-sonnet-5-5", max_tokens: 100 } };
try {
  const { answer } = await ask(gateway, question("Hello"), chargeTo(agentWith(provider, { max_retries: 0 })));
  process.stdout.write(JSON.stringify({ content: answer.message.content }));
} catch (error) {
  if (!(error instanceof CoditectError)) throw error;
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}
process.exit();
