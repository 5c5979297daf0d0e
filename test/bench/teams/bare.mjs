// The floor: the same steps in a loop that keeps nothing.
import { firstMessages, isFinished, takeStep } from "./step.mjs";

let messages = firstMessages;
while (!isFinished(messages)) messages = [...messages, ...(await takeStep(messages))];
process.stdout.write(JSON.stringify({ written: 0, room: 0, keeps: "nothing" }));
