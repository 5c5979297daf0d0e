import { createReadStream } from "node:fs";
import { join } from "node:path";

const folder = "/srv/attachments";

/** Answers `GET /attachments?name=…` with the file of that name. */
export const sendAttachment = (request, response) => {
  const name = new URL(request.url, "http://localhost").searchParams.get("name") ?? "";
  if (name === "") {
    response.writeHead(400).end("a name is needed");
    return;
  }
  const file = createReadStream(join(folder, name));
  file.on("error", () => response.writeHead(404).end());
  file.on("open", () => response.writeHead(200, { "content-type": "application/octet-stream" }));
  file.pipe(response);
};
