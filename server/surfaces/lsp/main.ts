import { runLanguageServer } from "./process.ts";

runLanguageServer(process.argv.slice(2));
