#!/usr/bin/env bash
# Builds a Kubernetes control plane and a kubelet from Debian's source package `kubernetes`, as no
# package registry has their programs. Usage: build.sh CACHE. Prints the folder with the programs.
# Needs golang-go, golang-github-modern-go-reflect2-dev, dpkg-dev and gcc. The first time takes 10 to 40
# minutes and 6 GB; programs that are there already are kept.
set -euo pipefail

source_version=1.20.5+really1.20.2-1.1+deb12u1
mkdir -p "${1:?a folder to build in}"
folder=$(cd "$1" && pwd)/$source_version
programs=(kube-apiserver kube-scheduler kube-controller-manager kubelet)

is_complete() {
  for name in "${programs[@]}"; do [ -x "$folder/$name" ] || return 1; done
}
if is_complete; then
  echo "$folder"
  exit 0
fi

mkdir -p "$folder"
# Two that build at the same time would write into the same tree.
exec 9>"$folder/lock"
flock 9

export GOPATH=$folder/go GO111MODULE=off GOFLAGS=-p=1 GOCACHE=$folder/cache CGO_ENABLED=0
tree=$GOPATH/src/k8s.io/kubernetes
reflect2=/usr/share/gocode/src/github.com/modern-go/reflect2

sources() {
  local apt=$folder/apt
  mkdir -p "$apt/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main" >"$apt/sources.list"
  local options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists")
  apt-get "${options[@]}" -q update
  (cd "$apt" && apt-get "${options[@]}" -q source --download-only "kubernetes=$source_version")
  mkdir -p "$(dirname "$tree")"
  rm -rf "$tree"
  dpkg-source --no-check -x "$apt"/kubernetes_*.dsc "$tree"
}

# The vendored version reads the inside of maps as older versions of Go laid it out.
repair_reflect2() {
  local vendored=$tree/vendor/github.com/modern-go/reflect2
  rm -rf "$vendored"
  cp -r "$reflect2" "$vendored"
  rm -f "$vendored"/go_above_17.go "$vendored"/go_below_17.go "$vendored"/go_below_19.go "$vendored"/*_test.go
}

# The package has the API's schemas as marks in its types, not as the code made from them.
generate_openapi() {
  local generator=$folder/openapi-gen marked
  go build -o "$generator" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  marked=$(grep -rl --include='*.go' '+k8s:openapi-gen=true' staging/src/k8s.io pkg | grep -vE '/(testdata|code-generator|sample-[a-z]+)/' |
    xargs -n1 dirname | sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e 's#^pkg/#k8s.io/kubernetes/pkg/#' | sort -u | paste -sd,)
  "$generator" --input-dirs "$marked" --output-base "$GOPATH/src" --output-package k8s.io/kubernetes/pkg/generated/openapi \
    --output-file-base zz_generated.openapi --go-header-file hack/boilerplate/boilerplate.generatego.txt \
    --report-filename "$folder/openapi-violations"
}

# The kubelet reads the machine through cAdvisor, which needs C.
build() {
  local cgo=0
  if [ "$1" = kubelet ]; then cgo=1; fi
  CGO_ENABLED=$cgo go build -o "$folder/$1.new" "./cmd/$1"
  mv "$folder/$1.new" "$folder/$1"
}

{
  # A run that was stopped in the middle leaves a tree without its last file.
  if [ ! -f "$folder/unpacked" ]; then sources && touch "$folder/unpacked"; fi
  cd "$tree"
  repair_reflect2
  if [ ! -f pkg/generated/openapi/zz_generated.openapi.go ]; then generate_openapi; fi
  for name in "${programs[@]}"; do
    if [ -x "$folder/$name" ]; then continue; fi
    echo "Building $name"
    build "$name"
  done
  # The sources and what was compiled from them are needed no more: 6 GB.
  cd "$folder"
  chmod -R u+w go
  rm -rf go cache apt openapi-gen openapi-violations unpacked
} >&2
echo "$folder"
