// Package bash has the files of functions that scripts of plugins source, written for the control plane: the names, the
// arguments and the output are those of Dokku's own files, so that plugins run as they are.
//
//	for _, f := range bash.Files() { … f.Plugin, f.Name, f.Text … }
//
// They are at PLUGIN/NAME in this folder and, on a server, in $DOKKU_LIB_ROOT/core-plugins/available; server writes them
// there. What only prints is done in bash, since that is what scripts do most; all else calls the client, by the names of
// Dokku's helper programs.
//
// Names lists the functions of Dokku's files; a test holds the files to it.
package bash

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed */*functions
var files embed.FS

//go:embed names.txt
var names string

// File is one file of functions of a plugin.
type File struct{ Plugin, Name, Text string }

// Files lists all, by plugin and name.
func Files() []File {
	var all []File
	paths, _ := fs.Glob(files, "*/*") // fails for a bad pattern alone
	for _, p := range paths {
		text, err := files.ReadFile(p)
		if err != nil {
			panic(err) // it was listed
		}
		all = append(all, File{path.Dir(p), path.Base(p), string(text)})
	}
	return all
}

// Name is one function of Dokku's, with the file it is in, such as common/functions.
type Name struct{ File, Function string }

// Names lists the functions that Dokku gives to plugins.
// Source: names.txt, made from plugins/*/functions, *-functions of Dokku 0.38.
func Names() []Name {
	var all []Name
	for line := range strings.Lines(names) {
		if file, function, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(file, "#") {
			all = append(all, Name{file, function})
		}
	}
	return all
}
