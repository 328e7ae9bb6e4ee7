#!/usr/bin/env bash
# Graphviz 13.0.1: the graph attribute `layout` beats the engine that the caller asks for.
#
# A graph that says layout=neato and pins its nodes (pos="x,y!", in inches) is drawn where its nodes
# are pinned, though the engine named in the call is dot. So a picture with places of its own needs no
# other call than one without; and who runs foreign text "by dot" may run any engine.
#
# A good guess would be that the call, as the later and nearer word, wins.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent @viz-js/viz@3.14.0 >/dev/null
cat >see.mjs <<'NODE'
import { instance } from "@viz-js/viz";
const viz = await instance();
const place = (attribute) => {
  const text = `digraph { graph [${attribute}] a [pos="0,0!"] b [pos="2,1!"] a -> b }`;
  const plain = viz.render(text, { format: "plain", engine: "dot" }).output;
  return ["a", "b"].map((name) => plain.match(new RegExp(`node ${name} (\\S+ \\S+)`))[1].split(" "));
};
console.log("Graphviz", viz.graphvizVersion);
const [[ax, ay], [bx, by]] = place("layout=neato");
console.log("engine dot, layout=neato: b stands", bx - ax, "right of a and", by - ay, "above");
if (bx - ax !== 2 || by - ay !== 1) throw new Error("not where they were pinned");
const [[cx], [dx]] = place("");
console.log("engine dot alone: b stands", dx - cx, "right of a");
if (dx !== cx) throw new Error("dot kept the pinned places");
NODE
node see.mjs
