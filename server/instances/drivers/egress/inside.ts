/**
 * Runs in a sandbox, and forwards connections to the proxy's port there to the proxy's socket. Starts the
 * command when the port is open, with the same standard streams.
 */
const FORWARD = `const {connect,createServer}=require("net"),{pipeline}=require("stream"),{spawn}=require("child_process");
const ignore=()=>{},[command,...args]=process.argv.slice(1),{CODITECT_EGRESS:path,CODITECT_EGRESS_PORT:port}=process.env;
createServer({allowHalfOpen:true},inside=>{
  const outside=connect({path,allowHalfOpen:true});
  pipeline(inside,outside,ignore);pipeline(outside,inside,ignore);
}).listen(Number(port),"127.0.0.1",()=>{
  const child=spawn(command,args,{stdio:"inherit"});
  child.on("error",({code,message})=>{console.error(message);process.exit(code==="ENOENT"?127:126)});
  child.on("exit",(code,signal)=>process.exit(code??(signal===null?1:137)));
});`;

/**
 * Wraps a command so that its sandbox first opens the proxy's port. It needs the variables of
 * `egressEnvironment`.
 */
export const withWayOut = (command: readonly string[]): string[] => [
  process.execPath,
  "-e",
  FORWARD,
  "--",
  ...command,
];
