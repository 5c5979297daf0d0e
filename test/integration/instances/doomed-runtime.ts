// A runtime to be killed: its instances are busy in every way that could make them stay behind.
// Arguments: the driver, and a state folder for the containers' label. Says when all are at work.
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { behaviour, command, localDriver, never, startPool, testWorker } from "./pool-harness.ts";

const [, , runtime = "Local", stateFolder = ""] = process.argv;
const driver =
  runtime === "Docker"
    ? createDockerDriver({ entry: testWorker, stateFolder })
    : localDriver(runtime === "Local" ? {} : { sandbox: false });
const pool = await startPool({ driver });
const instances = await Promise.all([pool.claim(), pool.claim(), pool.claim()]);
const [spinning, ignoring, hanging] = instances;
void spinning.call("execution/run", behaviour("spin"), never);
void ignoring.call("tests/run", command('trap "" TERM INT HUP; while :; do sleep 600; done'), never);
void hanging.call("execution/run", behaviour("hang"), never);
process.stdout.write(`${JSON.stringify(instances.map((one) => one.record().metadata.runtime_id))}\n`);
