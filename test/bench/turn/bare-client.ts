import { Agent, request } from "node:http";

/** Posts the same body to a server again and again over one connection: address, times, bytes. */
const [address = "", times = "0", bytes = "0"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const body = JSON.stringify({ text: "x".repeat(Number(bytes)) });

const post = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = request(address, { method: "POST", agent }, (answer) => {
      answer.resume().once("end", resolve);
    });
    sent.once("error", reject);
    sent.end(body);
  });

for (let count = 0; count < Number(times); count += 1) await post();
agent.destroy();
