/** Splits a text into words. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Folders whose files other programs run or load, at any depth. */
const executingFolders = words(`
  .vscode .idea .run .vs .zed .vim .nvim .fleet .helix .nova .lapce .theia .settings nbproject .kakrc.d
  .circleci .buildkite .woodpecker .gitea .forgejo .gitlab .teamcity .semaphore .harness .tekton .builds
  .azure-pipelines .azuredevops .dagger .earthly
  .husky .githooks .git-hooks .lefthook .git .hg .jj
  .yarn .mvn .cargo .direnv .mise .devcontainer .gitpod .codesandbox .idx .stackblitz
  .storybook .streamlit .ipython .jupyter magefiles buildsrc build-logic
`);

/** Lower-case names of files that other programs run or load. */
const executingNames = words(`
  .gitattributes .gitmodules .git .lfsconfig .gitconfig .hgrc .hgsub .arcconfig .gitreview
  .npmrc .yarnrc .yarnrc.yml .envrc .tool-versions .nvmrc .node-version .python-version .ruby-version
  .java-version .sdkmanrc .rtx.toml .ruby-gemset .rbenv-vars devbox.json devenv.nix devenv.yaml devfile.yaml
  package.json5 package.yaml pnpm-workspace.yaml bunfig.toml deno.json deno.jsonc nx.json turbo.json turbo.jsonc
  project.json lerna.json rush.json workspace.json angular.json nest-cli.json cdk.json nodemon.json
  ember-cli-build.js gatsby-node.js gatsby-config.js plopfile.js craco.js karma.js jasmine.json .taprc wallaby.js
  netlify.toml vercel.json wrangler.toml wrangler.json wrangler.jsonc firebase.json tauri.conf.json trunk.toml
  electron-builder.yml electron-builder.json serverless.yml serverless.yaml samconfig.toml pulumi.yaml
  ansible.cfg skaffold.yaml tiltfile helmfile.yaml terragrunt.hcl .gitpod.yml .replit replit.nix
  justfile .justfile taskfile.yml taskfile.yaml taskfile.dist.yml taskfile.dist.yaml rakefile thorfile guardfile
  dangerfile capfile fastfile brewfile steepfile berksfile puppetfile appfile earthfile jakefile jakefile.js
  gemfile podfile cartfile package.swift mix.exs rebar.config setup.hs stack.yaml cabal.project
  setup.py noxfile.py fabfile.py dodo.py conftest.py sitecustomize.py usercustomize.py pavement.py
  jupyter_notebook_config.py ipython_config.py .ycm_extra_conf.py scons sconstruct sconscript wscript waf
  pytest.ini .pytest.ini pytest.toml .pytest.toml tox.ini tox.toml pip.conf pip.ini uv.toml pdm.toml poetry.toml
  pipfile pixi.toml hatch.toml mypy.ini .mypy.ini .pylintrc pylintrc pylintrc.toml .flake8 .coveragerc .pypirc
  build.rs rust-toolchain rust-toolchain.toml nextest.toml
  .golangci.yml .golangci.yaml .golangci.toml .golangci.json .goreleaser.yml .goreleaser.yaml .air.toml
  magefile.go
  gradlew gradlew.bat mvnw mvnw.cmd pom.xml build.xml ivy.xml build.sbt build.sc build.mill .sbtopts .jvmopts
  gradle.properties lombok.config junit-platform.properties .classpath .project .factorypath
  cmakelists.txt cmakepresets.json cmakeuserpresets.json meson.build meson_options.txt configure configure.ac
  autogen.sh xmake.lua premake5.lua conanfile.py conanfile.txt vcpkg.json .clangd compile_flags.txt
  compile_commands.json workspace workspace.bazel module.bazel build build.bazel buck targets .bazelrc
  .buckconfig build.zig build.zig.zon dune dune-project
  nuget.config dotnet-tools.json global.json packages.config paket.dependencies build.cake build.fsx omnisharp.json
  launchsettings.json xunit.runner.json .runsettings tasks.vs.json launch.vs.json cppproperties.json
  phpunit.xml phpunit.xml.dist phpunit.dist.xml rector.php castor.php deploy.php grumphp.yml phpstan.neon
  phpstan.neon.dist phpstan.dist.neon psalm.xml phpcs.xml .phpcs.xml codeception.yml behat.yml
  .rspec .rubocop.yml .standard.yml .simplecov .solargraph.yml config.ru
  vagrantfile procfile flake.nix shell.nix default.nix action.yml action.yaml renovate.json renovate.json5
  bors.toml .mergify.yml cloudbuild.yaml cloudbuild.yml buildspec.yml buildspec.yaml appveyor.yml .appveyor.yml
  .cirrus.yml .woodpecker.yml .woodpecker.yaml .drone.jsonnet wercker.yml buddy.yml docker-bake.hcl
  .exrc .vimrc .nvimrc _vimrc .lvimrc .nvim.lua .dir-locals.el .projectile .gdbinit .lldbinit .pdbrc .pythonrc
  .irbrc .pryrc .rprofile .renviron .ocamlinit .inputrc .psqlrc .sqliterc .my.cnf .curlrc .wgetrc .netrc .luarc.json
  .luarc.jsonc .kateproject .kate-project .vimspector.json
  .profile .login .logout .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .zshrc .zshenv .zprofile
  .zlogin .zlogout .cshrc .tcshrc .kshrc .tmux.conf .screenrc .xinitrc .xprofile .xsession config.fish
  desktop.ini autorun.inf entry_points.txt
`);

/** Lower-case paths, for files that their name does not identify. */
const executingPaths: readonly RegExp[] = [
  /(^|\/)\.github\/(workflows|actions|hooks|dependabot\.ya?ml|renovate\.json5?)(\/|$)/,
  /(^|\/)gradle\/wrapper\//,
  /(^|\/)meta-inf\/services\//,
  /(^|\/)project\/(build\.properties|[^/]+\.(sbt|scala))$/,
  /(^|\/)(\.gitlab-ci|azure-pipelines|bitbucket-pipelines|\.travis|appveyor|\.drone)[^/]*\.ya?ml$/,
  /(^|\/)jenkinsfile[^/]*$/,
  /(^|\/)(lefthook|\.lefthook|\.pre-commit-config|\.lintstagedrc|\.overcommit|\.renovaterc)[^/]*$/,
  /(^|\/)(\.config\/)?\.?mise(\.[^/]+)?\.toml$|(^|\/)\.config\/mise\//,
  /(^|\/)\.?pnpmfile\.[cm]?js$/,
  /(^|\/)\.devcontainer\.json$/,
  /(^|\/)([^/]+\.)?(dockerfile|containerfile)(\.[^/]*)?$/,
  /(^|\/)(docker-)?compose[^/]*\.ya?ml$/,
  /(^|\/)(gnu|bsd)?makefile(\.[^/]*)?$/,
  /(^|\/)(gulpfile|gruntfile|\.babelrc|\.eslintrc|\.mocharc|\.php-cs-fixer|\.vscode-test)[^/]*$/,
  // JavaScript tools load a file with their name: vite.config.ts, karma.conf.js, .stylelintrc,
  // .releaserc.json.
  /(^|\/)[^/]+\.conf\.[cm]?[jt]s$/,
  /(^|\/)\.[a-z][a-z0-9-]*rc(\.([cm]?[jt]s|json[c5]?|ya?ml|toml))?$/,
  /(^|\/)(vite|vitest|jest|webpack|rollup|esbuild|babel|postcss|tailwind|next|nuxt|svelte|astro|metro|playwright|cypress|karma|eslint|prettier|commitlint|tsup|rspack|lint-staged)\.config\.[^/]+$/,
  /^(?!(.*\/)?(src|lib|app)\/).*\.config\.[cm]?[jt]sx?$/,
  /(^|\/)\.cz\.[cm]?js$|(^|\/)(pm2|\.release-it|typedoc)\.json$/,
  // File types.
  /\.(code-workspace|sublime-project|sublime-build|iml|run\.xml)$/,
  /\.(pth|egg-link|gemspec|rake|gradle|gradle\.kts|cmake|mk|mak|am|bzl|sbt|opam|cabal|nimble|rockspec|podspec)$/,
  /\.([a-z]{0,8}proj|props|targets|rsp|pubxml|runsettings|vcxproj\.user|sln|slnx|csx)$/,
  /\.(pbxproj|xcscheme|xcconfig|xcworkspacedata)$/,
  /\.(lnk|url|desktop|scf|library-ms|search-ms|searchconnector-ms|command|inf|reg|service|mobileconfig)$/,
];

/** Files that can contain lines with programs to run or with sources of code. */
export const executingLines: readonly (readonly [path: RegExp, line: RegExp])[] = [
  [
    /(^|\/)cargo\.toml$/,
    /^[ \t]*(build|links|runner|rustc-wrapper|proc-macro|git|registry)\s*=|\{[^{}\n]*\b(git|path|registry)\s*=|^[ \t]*\[(patch|replace|profile)\b/m,
  ],
  [
    /(^|\/)(pyproject\.toml|setup\.cfg)$/,
    /^[ \t]*\[(build-system|tool[.:]|project\.(scripts|gui-scripts|entry-points)|options\.entry_points|mypy\]|flake8[:\]])|^[ \t]*(build-backend|backend-path|addopts|cmdclass|plugins|init-hook)\s*=|@[ \t]*(git\+|https?:|file:)/m,
  ],
  [/(^|\/)composer\.json$/, /"(scripts|allow-plugins|repositories)"\s*:/],
  [/(^|\/)go\.(mod|work)$/, /^[ \t]*(toolchain|replace|tool)\b/m],
  [
    /(^|\/)(requirements|constraints)[^/]*\.(txt|in)$|(^|\/)requirements\/[^/]+\.txt$/,
    /^[ \t]*-|(^|@[ \t]*)(git\+|hg\+|svn\+|bzr\+|https?:|file:|\.{0,2}\/)/m,
  ],
  [/(^|\/)bun\.lock$/, /@(github:|git\+|https?:|file:)/],
  [/(^|\/)environment[^/]*\.ya?ml$/, /^[ \t]*(channels|- *(-|git\+|https?:))/m],
  [/\.(tf|tofu)(\.json)?$/, /\b(local-exec|remote-exec|external|source|backend)\b/],
  [/(^|\/)[tj]sconfig[^/]*\.json$/, /"(plugins|extends)"\s*:/],
  // A folder that contains both is a repository, and git uses its settings.
  [/(^|\/)head$/, /^ref:/m],
  [/(^|\/)config$/, /^[ \t]*\[(core|filter|diff|merge|alias|credential|include|includeif|url|protocol)\b/im],
];

const steeringNames = words(`
  .mcp.json mcp.json .mcp.jsonc mcp.jsonc mcp_config.json mcp_settings.json cline_mcp_settings.json
  claude_desktop_config.json gemini-extension.json
  agent.md agents.md agents.local.md agents.override.md claude.md claude.local.md gemini.md copilot-instructions.md
  warp.md crush.md qwen.md grok.md jules.md replit.md soul.md conventions.md airules.md llms.txt
  .cursorrules .windsurfrules .clinerules .roorules .roomodes .goosehints .rules .openhands_instructions
  .gitignore .coditectignore .dockerignore .npmignore .eslintignore .prettierignore .cursorignore
  .cursorindexingignore .geminiignore .codeiumignore .aiexclude .aiignore .ignore .rgignore .fdignore .hgignore
  codeowners opencode.json opencode.jsonc crush.json .crush.json rulesync.jsonc sweep.yaml greptile.json
  ellipsis.yaml .coderabbit.yaml .coderabbit.yml .pr_agent.toml .sourcery.yaml
`);

const steeringPaths: readonly RegExp[] = [
  /(^|\/)\.coditect\//,
  /(^|\/)\.(claude|cursor|windsurf|continue|roo|cline|kilocode|kiro|gemini|codex|aider|amazonq|junie|opencode|agents?|ai|trae|augment|goose|qwen|copilot|codeium|tabnine|factory|openhands|devin|serena|specify|ruler|rulesync|crush|amp|zencoder|cody|sourcegraph|openclaw|mcp)([-._][^/]*|ignore|rules)?(\/|$)/,
  /(^|\/)\.github\/(copilot[^/]*|instructions|prompts|chatmodes|agents|skills)(\/|$)/,
  /(^|\/)skills\/[^/]+\/skill\.md$|(^|\/)memory-bank\//,
  /\.mdc$|\.(prompt|instructions|chatmode|agent)\.md$/,
];

const matches = (path: string, names: ReadonlySet<string>, patterns: readonly RegExp[]): boolean =>
  names.has(path.slice(path.lastIndexOf("/") + 1)) || patterns.some((pattern) => pattern.test(path));

/** Whether other programs run or load such a file. `path`: in the form of `plainestPath`. */
export const isExecuting = (path: string): boolean =>
  path
    .split("/")
    .slice(0, -1)
    .some((folder) => executingFolders.has(folder)) || matches(path, executingNames, executingPaths);

/** Whether such a file tells agents or tools what to do or to leave out. `path`: as above. */
export const isSteering = (path: string): boolean => matches(path, steeringNames, steeringPaths);
