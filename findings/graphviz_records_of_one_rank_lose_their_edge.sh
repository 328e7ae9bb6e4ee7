#!/usr/bin/env bash
# Graphviz 13.0.1: between neighbours of one rank of which one is a record, an edge is lost, and the
# rendering succeeds all the same.
#
# The picture comes back with status "success" and without the edge; only the list of messages has
# "lost a b edge". With plain boxes the edge is there. Older ones do the same: 2.43.0 on the command
# line writes the picture and ends with status 1.
#
# A good guess would be an edge, or no picture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent @viz-js/viz@3.14.0 >/dev/null
cat >see.mjs <<'NODE'
import { instance } from "@viz-js/viz";
const viz = await instance();
console.log("Graphviz", viz.graphvizVersion);
for (const [shape, edges] of [["box", 1], ["record", 0]]) {
  const text = `digraph { node [shape=${shape}] {rank=same a b} a -> b }`;
  const { status, output, errors } = viz.render(text, { format: "plain" });
  const drawn = output.split("\n").filter((line) => line.startsWith("edge ")).length;
  const said = errors.map((error) => error.message.trim()).filter((text) => text.startsWith("lost"));
  console.log(`${shape}: ${status}, edges drawn: ${drawn}, said: ${said.join() || "nothing"}`);
  if (status !== "success" || drawn !== edges) throw new Error("another behaviour");
}
NODE
node see.mjs
