#!/usr/bin/env bash
# Builds kube-apiserver from Debian's source package `kubernetes`, as no registry has a binary of it.
# Usage: build.sh FOLDER. Needs golang-go, golang-github-modern-go-reflect2-dev and dpkg-dev; takes
# 6 to 20 minutes of one processor. What was built before is kept.
set -euo pipefail

folder=$(mkdir -p "${1:?a folder to build in}" && cd "$1" && pwd)
if [ -x "$folder/kube-apiserver" ]; then exit 0; fi

export GOPATH=$folder/go GO111MODULE=off GOFLAGS=-p=1 GOCACHE=$folder/cache CGO_ENABLED=0
tree=$GOPATH/src/k8s.io/kubernetes
reflect2=/usr/share/gocode/src/github.com/modern-go/reflect2
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

sources() {
  local apt=$folder/apt
  mkdir -p "$apt/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $release main" >"$apt/sources.list"
  local options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists")
  apt-get "${options[@]}" -q update
  (cd "$apt" && apt-get "${options[@]}" -q source --download-only kubernetes)
  mkdir -p "$(dirname "$tree")"
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

if [ ! -d "$tree" ]; then sources; fi
cd "$tree"
repair_reflect2
if [ ! -f pkg/generated/openapi/zz_generated.openapi.go ]; then generate_openapi; fi
go build -o "$folder/kube-apiserver.new" ./cmd/kube-apiserver
mv "$folder/kube-apiserver.new" "$folder/kube-apiserver"
