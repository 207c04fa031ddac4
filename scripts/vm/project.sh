#!/bin/sh
# project.sh IMAGE: the disk with what the machine needs of this project. Sourced functions: see machine.sh.
set -eu
image=$1
tree=$image.tree
rm -rf "$tree"
mkdir -p "$tree/node_modules/node/bin"
cp -r bin dist templates test scripts package.json tsconfig.json "$tree"
cp -L node_modules/node/bin/node "$tree/node_modules/node/bin/node"
# They are part of what an image is made of, so the machine has to have the same ones to know its images.
cp -r /usr/local/share/ca-certificates "$tree/ca-certificates" 2>/dev/null || mkdir "$tree/ca-certificates"
rm -f "$image"
truncate -s 512M "$image"
mkfs.ext4 -q -F -m 0 -E root_owner=0:0 -d "$tree" "$image"
rm -rf "$tree"
