/** Variables that name the places of toolchains, or choose one of several. None of them is a secret. */
export const toolchainVariables: ReadonlySet<string> = new Set([
  "PYENV_ROOT",
  "PYENV_VERSION",
  "NVM_DIR",
  "VOLTA_HOME",
  "RUSTUP_HOME",
  "RUSTUP_TOOLCHAIN",
  "GOROOT",
  "JAVA_HOME",
  "DOTNET_ROOT",
]);
