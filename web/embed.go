// Package web embeds the console's bundle: scripts, styles, icons and fonts, as `make web` writes them to dist.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Bundle is the folder dist. Without `make web` it holds no manifest.json, and the console says what to build.
func Bundle() (fs.FS, error) { return fs.Sub(dist, "dist") }
